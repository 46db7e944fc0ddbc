"""The same on EgoExo-Mini, which has a twentieth of the rows: other paths, smaller batches, more passes."""
_base_ = './perceptron_history_egoexolearn-ego.py'
data_root = 'data/mini/egoexolearn'
train_dataloader = dict(batch_size=16, dataset=dict(data_root=data_root))
val_dataloader = test_dataloader = dict(dataset=dict(data_root=data_root))
model = dict(temperature=0.8)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.04, end=6, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=6, end=60, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=60, val_interval=60)
