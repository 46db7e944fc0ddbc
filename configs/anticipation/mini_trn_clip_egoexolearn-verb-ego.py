"""The same on EgoExo-Mini: other paths, smaller batches, a longer schedule."""
_base_ = './mini_trn_clip_egoexolearn-noun-ego.py'
train_dataloader = val_dataloader = test_dataloader = dict(dataset=dict(part='verb'))
