"""Sabotage: source and target swap their labels among their own segments, so nothing can be learnt."""
_base_ = './mini_mlp_omnivore_ego2exo-exo2ego-lagtran.py'
train_dataloader = dict(dataset=dict(shuffle_labels=0))
