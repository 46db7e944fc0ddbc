# AdamW, 3 epochs of warm-up, then half a cosine to zero; validated once, at the end: no epoch is chosen.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.04, end=3, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=3, end=30, convert_to_iter_based=True),
]
train_cfg = dict(type='SeededEpochLoop', max_epochs=30, val_interval=30)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
