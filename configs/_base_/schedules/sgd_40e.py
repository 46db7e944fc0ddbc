# The released schedule of TA3N: SGD whose rate falls from 3e-3 to 4.9e-4 step by step, 40 epochs, scored after each.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=3e-3, momentum=0.9, weight_decay=1e-4, nesterov=True),
    clip_grad=dict(max_norm=20))
param_scheduler = dict(type='DannLR', by_epoch=True, convert_to_iter_based=True)
train_cfg = dict(type='SeededEpochLoop', max_epochs=40, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
auto_scale_lr = dict(enable=False, base_batch_size=128)
