"""MS-TCN co-trained on gaze-cropped ego and whole-frame exo."""
_base_ = './mini_mstcn_i3d_egoexolearn-ego-gaze.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.ego_gaze_train}}, {{_base_.exo_train}}]))
default_hooks = dict(checkpoint=dict(save_best=['ego_gaze_val/Avg', 'exo_val/Avg']))
