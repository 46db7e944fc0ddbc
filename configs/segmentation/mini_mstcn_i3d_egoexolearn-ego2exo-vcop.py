"""MS-TCN adapted from ego to exo by VCOP: the order of shuffled segments of both views, self-supervised."""
_base_ = './mini_mstcn_i3d_egoexolearn-ego2exo-sstda.py'
model = dict(adaptation={{_base_.vcop}})
