"""Ego-Exo R50 on EPIC-KITCHENS-100. Published: verb 65.87 / 90.09, noun 51.81 / 75.49."""
_base_ = './slowfast_r50_epic100-ego.py'
model = dict(initial_weights=dict(ego='checkpoints/Ego_Exo_SLOWFAST_8x8_R50.pyth'))
