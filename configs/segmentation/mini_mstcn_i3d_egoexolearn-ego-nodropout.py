"""Two processes equal one: no dropout, one endless stream of videos, so that ranks and accumulation share it.

``dist_train.sh CONFIG 2`` gives the weights of one process with ``optim_wrapper.accumulative_counts=2`` and twice the
``train_cfg.max_iters``, to the last bit on CPU: docs/reproducibility.md. Without dropout, not a config for results.
"""
_base_ = './mini_mstcn_i3d_egoexolearn-ego.py'
model = dict(backbone=dict(dropout=0.0))
train_dataloader = dict(sampler=dict(type='InfiniteSeededSampler'))
optim_wrapper = dict(accumulative_counts=1)
train_cfg = dict(_delete_=True, type='SeededIterLoop', max_iters=300, val_interval=300)
log_processor = dict(by_epoch=False)
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=300))
