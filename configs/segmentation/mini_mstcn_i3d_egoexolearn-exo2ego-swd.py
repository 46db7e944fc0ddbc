"""MS-TCN adapted from exo to ego by SWD: as MCD, with the sliced Wasserstein distance."""
_base_ = './mini_mstcn_i3d_egoexolearn-exo2ego-sstda.py'
model = dict(backbone=dict(num_classifiers=2), adaptation={{_base_.swd}})
