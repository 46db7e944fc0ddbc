"""XSegTx, exo to ego, with the learning rate of the released script, whose warm-up begins at the full rate."""
_base_ = './xsegtx_r50_egoexo4d-exo2ego.py'
param_scheduler = [dict(type='ReleasedWarmupLR', warmup_iters=1000, by_epoch=False), {{_base_.decay}}]
