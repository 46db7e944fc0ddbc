"""The same on EgoExo-Mini: other paths and a longer schedule."""
_base_ = './trn_clip_egoexolearn-ego.py'
data_root = 'data/mini/egoexolearn'
train_dataloader = val_dataloader = test_dataloader = dict(dataset=dict(data_root=data_root))
optim_wrapper = dict(optimizer=dict(lr=1e-2))
train_cfg = dict(max_epochs=200, val_interval=10)
val_evaluator = test_evaluator = dict(num_repeats=10)  # few rows, so one draw says little
