"""The same on EgoExo-Mini: other paths, smaller batches."""
_base_ = './trn_clip_egoexolearn-noun-ego.py'
data_root = 'data/mini/egoexolearn'
val_dataloader = test_dataloader = dict(dataset=dict(data_root=data_root))
train_dataloader = dict(batch_size=32, dataset=dict(data_root=data_root))
