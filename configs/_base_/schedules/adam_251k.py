# XSegTx: Adam at 2e-4, 1000 iterations of warm-up and 250 passes of 1000; the rate falls to a twentieth after pass 50.
# Officially a pass is 1000 batches of 32, whatever the size of the list, on one GPU.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=2e-4))
decay = dict(type='MultiStepLR', milestones=[51_000], gamma=0.05, by_epoch=False)
param_scheduler = [dict(type='LinearLR', start_factor=1e-3, begin=0, end=1000, by_epoch=False), decay]
train_cfg = dict(type='SeededIterLoop', max_iters=251_000, val_interval=10_000)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
auto_scale_lr = dict(enable=False, base_batch_size=32)
