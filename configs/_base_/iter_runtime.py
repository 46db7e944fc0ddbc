"""The runtime of trainings that count iterations."""
_base_ = './default_runtime.py'
default_hooks = dict(
    logger=dict(interval=500, log_metric_by_epoch=False),
    checkpoint=dict(by_epoch=False, interval=500),
    # A larger loss ends the run, as in the released trainers of LaGTran.
    nan_guard=dict(max_loss=1e5))
log_processor = dict(by_epoch=False)
