"""SUM-L on EgoExo-Mini with the alignment of the views that the paper describes."""
_base_ = './mini_suml_r50_epic100-egoexo.py'
model = dict(align_loss='dcl_thres')
