"""Sabotage: the labels of each training video are shuffled in time. A healthy evaluation shows that nothing is learned."""
_base_ = './mini_mstcn_i3d_egoexolearn-ego.py'
_base_.ego_train.pipeline.insert(2, dict(type='ShuffleLabels'))
train_dataloader = dict(dataset=dict(datasets=[{{_base_.ego_train}}]))
