"""MS-TCN adapted from exo to ego by MCD: two classifiers that must agree on the target."""
_base_ = './mstcn_i3d_egoexolearn-exo2ego-sstda.py'
model = dict(backbone=dict(num_classifiers=2), adaptation={{_base_.mcd}})
