"""MS-TCN on I3D features, trained on ego; both views and both splits are scored (exo without adaptation).

Published: none found. Ours on EgoExo-Mini: README.md, with the command.
"""
_base_ = [
    '../_base_/models/mstcn.py',
    '../_base_/datasets/egoexolearn_tas.py',
    '../_base_/schedules/adam_150e.py',
    '../_base_/default_runtime.py',
]
default_hooks = dict(checkpoint=dict(save_best='ego_val/Avg', rule='greater'))
