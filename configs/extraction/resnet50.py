"""ResNet-50, one row per picture, 2048 numbers.

Weights: any recogniser of mmaction2 on this backbone (TSN, for one), given with --checkpoint FILE.
"""
extractor = dict(
    type='BackboneExtractor',
    backbone=dict(type='mmaction.ResNet', depth=50, norm_eval=False),
    input_format='NCHW',
    clip_len=1,
    frame_interval=1,
    short_side=256,
    crop_size=224)
