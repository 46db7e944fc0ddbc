"""TimeSformer on the videos of Ego2Exo, trained on ego alone: the source-only baseline of ego to exo."""
_base_ = [
    '../_base_/models/timesformer_b8.py',
    '../_base_/datasets/ego2exo_video.py',
    '../_base_/schedules/inv_65k.py',
    '../_base_/iter_runtime.py',
]
# The first is best.pth: the best on the target, as published.
default_hooks = dict(checkpoint=dict(interval=5000, save_best=['exo_val/top1', 'ego_val/top1'], rule='greater'))
