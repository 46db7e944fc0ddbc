"""XSegTx from ego to exo: the mask is given in the ego view. Published on test: IoU 18.99."""
_base_ = [
    '../_base_/models/xsegtx.py',
    '../_base_/datasets/egoexo4d_correspondence.py',
    '../_base_/schedules/adam_251k.py',
    '../_base_/iter_runtime.py',
]
default_hooks = dict(checkpoint=dict(interval=10_000, save_best='ego2exo_val/iou', rule='greater'))
custom_hooks = [dict(type='CorrespondenceVisualizationHook')]
