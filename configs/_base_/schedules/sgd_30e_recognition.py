# The schedule of PySlowFast on EPIC-KITCHENS: SGD for 30 epochs, a tenth of the rate behind epoch 20 and again behind
# 25, no decay of BatchNorm, whose statistics are computed anew after each epoch; scored every second epoch.
# 0.02 is for 128 clips per step on all GPUs together: --auto-scale-lr adapts it.
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='MergedGroupsConstructor',
    optimizer=dict(type='SGD', lr=0.02, momentum=0.9, nesterov=True, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0.0))
param_scheduler = dict(type='MultiStepLR', milestones=[20, 25], gamma=0.1)
train_cfg = dict(type='SeededEpochLoop', max_epochs=30, val_interval=2)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
custom_hooks = [dict(type='PreciseBNHook', num_batches=200)]
auto_scale_lr = dict(enable=False, base_batch_size=128)
