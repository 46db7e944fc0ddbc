"""ViT-B/16 on the images of GeoPlaces, trained on asia alone: the source-only baseline of asia to usa.

Published: 36.85 on usa.
"""
_base_ = './vit_image_geoplaces-usa.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.asia_train}}]))
default_hooks = dict(checkpoint=dict(save_best=['usa_val/top1', 'asia_val/top1']))
