"""The same on EgoExo-Mini: other paths, smaller batches, a longer schedule."""
_base_ = './trn_clip_egoexolearn-noun-ego.py'
data_root = 'data/mini/egoexolearn'
val_dataloader = test_dataloader = dict(dataset=dict(data_root=data_root))
train_dataloader = dict(batch_size=32, dataset=dict(data_root=data_root))
optim_wrapper = dict(optimizer=dict(lr=1e-2))
train_cfg = dict(max_epochs=60, val_interval=5)
