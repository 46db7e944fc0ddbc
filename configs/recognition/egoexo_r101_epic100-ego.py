"""Ego-Exo R101 on EPIC-KITCHENS-100. Published: verb 67.01 / 90.62, noun 52.87 / 76.53."""
_base_ = './slowfast_r101_epic100-ego.py'
model = dict(initial_weights=dict(ego='checkpoints/Ego_Exo_SLOWFAST_8x8_R101.pyth'))
