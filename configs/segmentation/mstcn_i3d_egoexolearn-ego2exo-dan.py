"""MS-TCN adapted from ego to exo by DAN: kernel distance of the features."""
_base_ = './mstcn_i3d_egoexolearn-ego2exo-sstda.py'
model = dict(adaptation={{_base_.dan}})
