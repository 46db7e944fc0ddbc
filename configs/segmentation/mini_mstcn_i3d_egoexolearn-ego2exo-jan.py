"""MS-TCN adapted from ego to exo by JAN: joint kernel distance of features and class probabilities."""
_base_ = './mini_mstcn_i3d_egoexolearn-ego2exo-sstda.py'
model = dict(adaptation={{_base_.jan}})
