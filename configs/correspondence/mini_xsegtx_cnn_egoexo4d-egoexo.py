"""One model for both directions on EgoExo-Mini."""
_base_ = './mini_xsegtx_cnn_egoexo4d-ego2exo.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.ego2exo_train}}, {{_base_.exo2ego_train}}]))
val_dataloader = dict(dataset=dict(datasets=[{{_base_.ego2exo_some}}, {{_base_.exo2ego_some}}]))
default_hooks = dict(checkpoint=dict(save_best=['ego2exo_val/iou', 'exo2ego_val/iou']))
