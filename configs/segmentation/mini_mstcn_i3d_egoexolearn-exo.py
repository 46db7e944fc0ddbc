"""MS-TCN on I3D features, trained on exo; both views and both splits are scored."""
_base_ = './mini_mstcn_i3d_egoexolearn-ego.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.exo_train}}]))
default_hooks = dict(checkpoint=dict(save_best='exo_val/Avg'))
