"""MS-TCN adapted from exo to ego by DAN: kernel distance of the features."""
_base_ = './mstcn_i3d_egoexolearn-exo2ego-sstda.py'
model = dict(adaptation={{_base_.dan}})
