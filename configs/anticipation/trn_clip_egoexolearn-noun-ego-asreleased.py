"""From the released list files as they are: training, validation and test hold rows of each other and of exo."""
_base_ = './trn_clip_egoexolearn-noun-ego-stripped.py'
train_dataloader = val_dataloader = test_dataloader = dict(dataset=dict(strip_cumulative=False))
val_evaluator = test_evaluator = dict(protocols=('as_released',))
default_hooks = dict(checkpoint=dict(save_best='as_released/ego_val/macro_recall@5'))
