"""Markov chain of order 3 over the steps already done, trained on ego; features are not looked at.

A floor for visual models: README.md, with figures on the official validation lists.
"""
_base_ = [
    '../_base_/datasets/egoexolearn_planning_history.py',
    '../_base_/schedules/counting.py',
    '../_base_/default_runtime.py',
]
model = dict(type='MarkovPlanner', order=3, discount=0.75, temperature=0.6)
default_hooks = dict(checkpoint=dict(save_best='ego_val/1-AUED', rule='greater'))
