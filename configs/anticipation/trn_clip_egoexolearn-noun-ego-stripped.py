"""From the released list files, of which only the own rows are read: the same rows as from the tables."""
_base_ = './trn_clip_egoexolearn-noun-ego.py'
train_dataloader = val_dataloader = test_dataloader = dict(dataset=dict(list_source='list'))
val_evaluator = test_evaluator = dict(protocols=('stripped',))
default_hooks = dict(checkpoint=dict(save_best='stripped/ego_val/macro_recall@5'))
