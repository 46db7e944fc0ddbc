"""MS-TCN adapted from ego to exo by AdaBN: features normalised by the statistics of their own view."""
_base_ = './mini_mstcn_i3d_egoexolearn-ego2exo-sstda.py'
model = dict(
    input_norm={{_base_.adabn_input}}, predict_views=dict(ego='source', exo='target'),
    adaptation={{_base_.adabn}})
