# AdamW, 4 epochs of warm-up, then half a cosine to zero; validated once, at the end: no epoch is chosen.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.04, end=4, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=4, end=40, convert_to_iter_based=True),
]
train_cfg = dict(type='SeededEpochLoop', max_epochs=40, val_interval=40)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
