"""The same on EgoExo-Mini: other paths."""
_base_ = './ngrammatch_text_ego2exo-ego.py'
data_root = 'data/mini/egoexo4d'
val_dataloader = test_dataloader = dict(dataset=dict(data_root=data_root))
train_dataloader = dict(dataset=dict(data_root=data_root))
