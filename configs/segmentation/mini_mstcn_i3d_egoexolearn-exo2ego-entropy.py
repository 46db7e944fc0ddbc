"""MS-TCN adapted from exo to ego by entropy minimisation on the target."""
_base_ = './mini_mstcn_i3d_egoexolearn-exo2ego-sstda.py'
model = dict(adaptation={{_base_.entropy}})
