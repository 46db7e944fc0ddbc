"""SlowFast R101 on EPIC-KITCHENS-100, from Kinetics-400. Published: verb 65.41 / 90.25, noun 50.97 / 75.43."""
_base_ = './slowfast_r50_epic100-ego.py'
model = dict(
    backbone=dict(depth=101, fusion_kernel=5), initial_weights=dict(ego='checkpoints/SLOWFAST_8x8_R101.pyth'))
