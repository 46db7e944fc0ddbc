"""MS-TCN adapted from ego to exo by MSTN: class centres of both views brought together."""
_base_ = './mini_mstcn_i3d_egoexolearn-ego2exo-sstda.py'
model = dict(adaptation={{_base_.mstn}})
