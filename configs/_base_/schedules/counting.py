# One pass over the training lists for models that count; MMEngine demands an optimizer, which is never stepped.
train_cfg = dict(type='CountingLoop')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.0))
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
