"""ViT-B/16 on the images of GeoImnet, trained on usa alone: the source-only baseline of usa to asia.

Published: 52.46 on asia.
"""
_base_ = [
    '../_base_/models/vit_b16.py',
    '../_base_/datasets/geonet.py',
    '../_base_/schedules/inv_65k.py',
    '../_base_/iter_runtime.py',
]
# The first is best.pth: the best on the target, as published.
default_hooks = dict(checkpoint=dict(interval=5000, save_best=['asia_val/top1', 'usa_val/top1'], rule='greater'))
