"""The pre-training of Ego-Exo R101 on Kinetics-400."""
_base_ = './egoexo_r50_k400-exo.py'
model = dict(backbone=dict(depth=101, fusion_kernel=5))
