"""Sabotage: the rows of the training list swap their verbs, so a healthy evaluation must find nothing."""
_base_ = './mini_trn_clip_egoexolearn-verb-ego.py'
train_dataloader = dict(dataset=dict(shuffle_labels=0))
