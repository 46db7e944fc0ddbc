"""MS-TCN adapted from exo to ego by JAN: joint kernel distance of features and class probabilities."""
_base_ = './mini_mstcn_i3d_egoexolearn-exo2ego-sstda.py'
model = dict(adaptation={{_base_.jan}})
