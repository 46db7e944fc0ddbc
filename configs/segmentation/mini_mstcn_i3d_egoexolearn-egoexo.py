"""MS-TCN on I3D features, co-trained on ego and exo; the best checkpoint of each view is kept."""
_base_ = './mini_mstcn_i3d_egoexolearn-ego.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.ego_train}}, {{_base_.exo_train}}]))
default_hooks = dict(checkpoint=dict(save_best=['ego_val/Avg', 'exo_val/Avg']))
