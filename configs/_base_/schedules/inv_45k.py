# The released schedule of LaGTran: SGD whose rate falls as (1 + t / 1000) ** -0.75 with the iterations t, ten times as
# fast in the head as in an encoder; 45001 iterations, both views scored every 500.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.003, momentum=0.9, nesterov=True, weight_decay=5e-4),
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=10.0), adaptation=dict(lr_mult=10.0))))
param_scheduler = dict(type='InvLR', gamma=0.001, power=0.75, by_epoch=False)
train_cfg = dict(type='SeededIterLoop', max_iters=45001, val_interval=500)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
auto_scale_lr = dict(enable=False, base_batch_size=64)
