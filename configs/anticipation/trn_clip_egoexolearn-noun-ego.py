"""TRN on CLIP features, coming nouns, trained on ego; both views and both splits are scored.

Published: none found. Ours on EgoExo-Mini: README.md, with the command.
"""
_base_ = [
    '../_base_/models/trn.py',
    '../_base_/datasets/egoexolearn_anticipation.py',
    '../_base_/schedules/sgd_40e.py',
    '../_base_/default_runtime.py',
]
default_hooks = dict(checkpoint=dict(save_best='ego_val/macro_recall@5', rule='greater'))
