"""The same on EgoExo-Mini: other paths, a shorter schedule."""
_base_ = './mlp_omnivore_ego2exo-ego.py'
data_root = 'data/mini/egoexo4d'
val_dataloader = test_dataloader = dict(dataset=dict(data_root=data_root))
train_dataloader = dict(batch_size=32, dataset=dict(data_root=data_root))
train_cfg = dict(max_iters=1500, val_interval=100)
default_hooks = dict(logger=dict(interval=100), checkpoint=dict(interval=500))
