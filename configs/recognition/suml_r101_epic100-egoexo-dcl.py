"""SUM-L with the alignment of the views that the paper describes: contrastive, of pairs with alike narrations."""
_base_ = './suml_r101_epic100-egoexo.py'
model = dict(align_loss='dcl_thres')
