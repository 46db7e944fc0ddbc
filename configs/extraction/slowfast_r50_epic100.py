"""SlowFast R50 8x8 as trained on EPIC-KITCHENS: one row from 32 frames over 64, 2048 slow and 256 fast channels.

Weights: a recogniser trained here (recognition/slowfast_r50_epic100-ego), or an official file of PySlowFast or Ego-Exo
after tools/convert_checkpoint.py slowfast IN OUT, given with --checkpoint FILE. Frames of 60 fps as in EPIC-KITCHENS.
"""
extractor = dict(
    type='BackboneExtractor',
    backbone=dict(type='SlowFast', depth=50, fusion_kernel=7),
    clip_len=32,
    frame_interval=2,
    short_side=256,
    crop_size=256,
    mean=[0.45 * 255] * 3,
    std=[0.225 * 255] * 3,
    channel_order='bgr')
