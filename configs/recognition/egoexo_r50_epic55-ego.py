"""Ego-Exo R50 on EPIC-Kitchens-55. Published: verb 65.97 / 88.91, noun 49.42 / 72.35."""
_base_ = './slowfast_r50_epic55-ego.py'
model = dict(initial_weights=dict(ego='checkpoints/Ego_Exo_SLOWFAST_8x8_R50.pyth'))
