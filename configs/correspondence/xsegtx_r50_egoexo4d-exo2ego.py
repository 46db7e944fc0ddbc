"""XSegTx from exo to ego: the mask is given in an exo view. Published on test: IoU 27.14."""
_base_ = './xsegtx_r50_egoexo4d-ego2exo.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.exo2ego_train}}]))
val_dataloader = dict(dataset=dict(datasets=[{{_base_.exo2ego_some}}]))
default_hooks = dict(checkpoint=dict(save_best='exo2ego_val/iou'))
