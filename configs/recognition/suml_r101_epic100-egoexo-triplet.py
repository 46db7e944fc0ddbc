"""SUM-L with the triplet loss between the views that the released code computes and discards."""
_base_ = './suml_r101_epic100-egoexo.py'
model = dict(align_loss='triplet')
