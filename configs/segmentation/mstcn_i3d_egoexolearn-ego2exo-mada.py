"""MS-TCN adapted from ego to exo by MADA: a frame discriminator per class."""
_base_ = './mstcn_i3d_egoexolearn-ego2exo-sstda.py'
model = dict(adaptation={{_base_.mada}})
