"""The same on EgoExo-Mini, trained on exo."""
_base_ = './mini_transformer_history_egoexolearn-ego.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.exo_train}}]))
default_hooks = dict(checkpoint=dict(save_best='exo_val/1-AUED'))
