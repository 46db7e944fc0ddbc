"""MS-TCN adapted from ego to exo by entropy minimisation on the target."""
_base_ = './mstcn_i3d_egoexolearn-ego2exo-sstda.py'
model = dict(adaptation={{_base_.entropy}})
