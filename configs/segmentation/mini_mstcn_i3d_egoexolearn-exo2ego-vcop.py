"""MS-TCN adapted from exo to ego by VCOP: the order of shuffled segments of both views, self-supervised."""
_base_ = './mini_mstcn_i3d_egoexolearn-exo2ego-sstda.py'
model = dict(adaptation={{_base_.vcop}})
