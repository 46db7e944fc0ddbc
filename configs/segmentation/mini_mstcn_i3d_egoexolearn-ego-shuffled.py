"""Sabotage: the labels of each training video are shuffled in time, so a healthy evaluation must find nothing."""
_base_ = './mini_mstcn_i3d_egoexolearn-ego.py'
train_dataloader = dict(dataset=dict(pipeline=[
    {{_base_.load}}, dict(type='SampleSequence', step=5, trim=True),
    dict(type='ShuffleLabels'), dict(type='PackInputs')]))
