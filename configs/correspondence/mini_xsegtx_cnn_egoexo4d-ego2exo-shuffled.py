"""Sabotage: in training each pair shows the mask of another object. Nothing can be learnt from that.

A third of the iterations tells: by then a healthy run scores .26, with the rate of learning still high.
"""
_base_ = './mini_xsegtx_cnn_egoexo4d-ego2exo.py'
train_dataloader = dict(dataset=dict(swap_masks=0))
param_scheduler = [dict(type='OneCycleLR', eta_max=2e-3, total_steps=1000, pct_start=0.1, by_epoch=False)]
train_cfg = dict(max_iters=1000)
