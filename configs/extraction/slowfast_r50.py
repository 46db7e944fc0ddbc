"""SlowFast R50 4x16: one row from 32 frames over 64, 2048 slow and 256 fast channels.

Weights: mmaction2's slowfast_r50_8xb8-4x16x1-256e_kinetics400-rgb, given with --checkpoint FILE.
"""
extractor = dict(
    type='BackboneExtractor',
    backbone=dict(type='mmaction.ResNet3dSlowFast', resample_rate=8, speed_ratio=8, channel_ratio=8),
    clip_len=32,
    frame_interval=2,
    short_side=256,
    crop_size=256)
