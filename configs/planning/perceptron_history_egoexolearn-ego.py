"""Two layers over the steps already done, trained on ego; features are not looked at.

A floor for visual models: README.md, with figures on the official validation lists.
"""
_base_ = [
    '../_base_/datasets/egoexolearn_planning_history.py',
    '../_base_/schedules/adamw_30e.py',
    '../_base_/default_runtime.py',
]
model = dict(type='HistoryPerceptron', num_last=3, width=256, temperature=0.5)
optim_wrapper = dict(optimizer=dict(lr=3e-3))
default_hooks = dict(checkpoint=dict(save_best='ego_val/1-AUED', rule='greater'))
