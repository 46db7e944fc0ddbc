# The schedule of small heads over sentence embeddings, as many iterations as the released text phase.
_base_ = './text_3k.py'
train_cfg = dict(max_iters=15000, val_interval=15000)
param_scheduler = dict(end=15000)
