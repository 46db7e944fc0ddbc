"""The same on EgoExo-Mini: other paths, nothing else."""
_base_ = './transformer_history_egoexolearn-egoexo.py'
data_root = 'data/mini/egoexolearn'
train_dataloader = val_dataloader = test_dataloader = dict(dataset=dict(data_root=data_root))
