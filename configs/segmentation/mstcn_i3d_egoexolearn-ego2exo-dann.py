"""MS-TCN adapted from ego to exo by DANN: a frame discriminator with reversed gradients."""
_base_ = './mstcn_i3d_egoexolearn-ego2exo-sstda.py'
model = dict(adaptation={{_base_.dann}})
