"""MS-TCN trained on gaze-cropped ego, chosen on exo val, without adaptation as released."""
_base_ = './mstcn_i3d_egoexolearn-ego-gaze.py'
default_hooks = dict(checkpoint=dict(save_best='exo_val/Avg'))
