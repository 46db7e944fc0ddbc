"""MS-TCN adapted from exo to ego by MADA: a frame discriminator per class."""
_base_ = './mstcn_i3d_egoexolearn-exo2ego-sstda.py'
model = dict(adaptation={{_base_.mada}})
