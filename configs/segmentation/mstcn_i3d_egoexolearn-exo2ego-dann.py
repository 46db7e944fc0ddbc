"""MS-TCN adapted from exo to ego by DANN: a frame discriminator with reversed gradients."""
_base_ = './mstcn_i3d_egoexolearn-exo2ego-sstda.py'
model = dict(adaptation={{_base_.dann}})
