"""The same from exo to ego, where the object of the query is smallest; takes half as long again."""
_base_ = './mini_xsegtx_cnn_egoexo4d-ego2exo.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.exo2ego_train}}]))
val_dataloader = dict(dataset=dict(datasets=[{{_base_.exo2ego_some}}]))
param_scheduler = [dict(type='OneCycleLR', eta_max=2e-3, total_steps=4500, pct_start=0.1, by_epoch=False)]
train_cfg = dict(max_iters=4500)
default_hooks = dict(checkpoint=dict(save_best='exo2ego_val/iou'))
