"""TRN on CLIP features, next eight steps, trained on ego with the released loss: it looks at the first step alone.

Published: none found. Ours on EgoExo-Mini: README.md, with the command.
"""
_base_ = [
    '../_base_/models/trn.py',
    '../_base_/datasets/egoexolearn_planning.py',
    '../_base_/schedules/sgd_40e.py',
    '../_base_/default_runtime.py',
]
model = dict(head=dict(num_classes=27, horizon=8, loss=[dict(type='FutureCrossEntropy', supervise='first')]))
default_hooks = dict(checkpoint=dict(save_best='ego_val/1-AUED', rule='greater'))
