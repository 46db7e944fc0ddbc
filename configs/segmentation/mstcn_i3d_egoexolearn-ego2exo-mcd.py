"""MS-TCN adapted from ego to exo by MCD: two classifiers that must agree on the target."""
_base_ = './mstcn_i3d_egoexolearn-ego2exo-sstda.py'
model = dict(backbone=dict(num_classifiers=2), adaptation={{_base_.mcd}})
