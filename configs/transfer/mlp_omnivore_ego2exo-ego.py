"""MLP on pooled Omnivore features, trained on ego alone: the source-only baseline of ego to exo.

Published: 8.39 on exo (README.md says which metric that probably is). Ours on EgoExo-Mini: README.md.
"""
_base_ = [
    '../_base_/models/mlp_omnivore.py',
    '../_base_/datasets/ego2exo.py',
    '../_base_/schedules/inv_45k.py',
    '../_base_/iter_runtime.py',
]
# The first is best.pth: the best on the target, as published. best_ego_val_top1*.pth is chosen on the source.
default_hooks = dict(checkpoint=dict(save_best=['exo_val/top1', 'ego_val/top1'], rule='greater'))
