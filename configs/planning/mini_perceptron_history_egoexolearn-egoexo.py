"""The same on EgoExo-Mini, co-trained on ego and exo."""
_base_ = './mini_perceptron_history_egoexolearn-ego.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.ego_train}}, {{_base_.exo_train}}]))
default_hooks = dict(checkpoint=dict(save_best=['ego_val/1-AUED', 'exo_val/1-AUED']))
