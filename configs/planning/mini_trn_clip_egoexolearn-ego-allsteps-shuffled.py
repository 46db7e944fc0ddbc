"""Sabotage: the rows of the training list swap their labels, so only the frequency of the steps can be learnt."""
_base_ = './mini_trn_clip_egoexolearn-ego-allsteps.py'
train_dataloader = dict(dataset=dict(shuffle_labels=0))
