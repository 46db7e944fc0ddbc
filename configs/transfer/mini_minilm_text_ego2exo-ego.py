"""The same on EgoExo-Mini: other paths, a shorter schedule."""
_base_ = './minilm_text_ego2exo-ego.py'
data_root = 'data/mini/egoexo4d'
val_dataloader = test_dataloader = dict(dataset=dict(data_root=data_root))
train_dataloader = dict(batch_size=32, dataset=dict(data_root=data_root))
train_cfg = dict(max_iters=600, val_interval=600)
param_scheduler = dict(end=600)
