# The released schedule: Adam, constant rate, no weight decay, one video a step, 150 epochs.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-4, betas=(0.9, 0.999), weight_decay=0.0))
train_cfg = dict(type='SeededEpochLoop', max_epochs=150, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
auto_scale_lr = dict(enable=False, base_batch_size=1)
