# SlowFast 8x8 with ResNet-101, 62.8 M parameters: lateral connections over 5 frames instead of 7.
_base_ = './slowfast_r50.py'
model = dict(backbone=dict(depth=101, fusion_kernel=5))
