"""XSegTx, ego to exo, with the learning rate of the released script, whose warm-up begins at the full rate."""
_base_ = './xsegtx_r50_egoexo4d-ego2exo.py'
param_scheduler = [dict(type='ReleasedWarmupLR', warmup_iters=1000, by_epoch=False), {{_base_.decay}}]
