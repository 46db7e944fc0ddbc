# A small head over sentence embeddings: 3000 iterations of AdamW, the rate falls to 0 in a line.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=3e-3, weight_decay=3e-4))
param_scheduler = dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=0, end=3000, by_epoch=False)
train_cfg = dict(type='SeededIterLoop', max_iters=3000, val_interval=3000)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
auto_scale_lr = dict(enable=False, base_batch_size=64)
