"""MLP on pooled Omnivore features, trained on exo alone: the source-only baseline of exo to ego. Published: 15.66."""
_base_ = './mlp_omnivore_ego2exo-ego.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.exo_train}}]))
default_hooks = dict(checkpoint=dict(save_best=['ego_val/top1', 'exo_val/top1']))
