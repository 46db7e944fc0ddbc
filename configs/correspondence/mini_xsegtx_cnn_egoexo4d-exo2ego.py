"""The same from exo to ego."""
_base_ = './mini_xsegtx_cnn_egoexo4d-ego2exo.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.exo2ego_train}}]))
val_dataloader = dict(dataset=dict(datasets=[{{_base_.exo2ego_some}}]))
default_hooks = dict(checkpoint=dict(save_best='exo2ego_val/iou'))
