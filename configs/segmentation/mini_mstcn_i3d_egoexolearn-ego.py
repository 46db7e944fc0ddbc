"""The same on EgoExo-Mini: other paths, a short schedule, nothing else."""
_base_ = './mstcn_i3d_egoexolearn-ego.py'
data_root = 'data/mini/egoexolearn'
loader = dict(num_workers=0, persistent_workers=False, dataset=dict(data_root=data_root))
train_dataloader = loader
val_dataloader = loader
test_dataloader = loader
optim_wrapper = dict(optimizer=dict(lr=1e-3))
train_cfg = dict(max_epochs=30, val_interval=5)
