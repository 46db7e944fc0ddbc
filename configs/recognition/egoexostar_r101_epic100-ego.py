"""Ego-Exo* R101 on EPIC-KITCHENS-100. Published: verb 67.48 / 90.66, noun 52.93 / 76.83."""
_base_ = './egoexostar_r50_epic100-ego.py'
model = dict(
    backbone=dict(depth=101, fusion_kernel=5),
    initial_weights=dict(ego='checkpoints/Ego_Exo_SLOWFAST_8x8_R101.pyth'))
