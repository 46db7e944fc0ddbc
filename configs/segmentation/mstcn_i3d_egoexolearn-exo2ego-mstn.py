"""MS-TCN adapted from exo to ego by MSTN: class centres of both views brought together."""
_base_ = './mstcn_i3d_egoexolearn-exo2ego-sstda.py'
model = dict(adaptation={{_base_.mstn}})
