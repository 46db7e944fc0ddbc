"""Sabotage: the training labels are permuted, so the model must not beat the most frequent classes."""
_base_ = './mini_slowfast_r50_epic100-ego.py'
train_dataloader = dict(dataset=dict(shuffle_labels=0))
