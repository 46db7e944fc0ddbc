# The released schedule of LaGTran for encoders that are trained along: 65001 iterations, scored every 5000.
_base_ = './inv_45k.py'
train_cfg = dict(max_iters=65001, val_interval=5000)
