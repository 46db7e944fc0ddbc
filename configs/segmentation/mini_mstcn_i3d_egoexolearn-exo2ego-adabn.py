"""MS-TCN adapted from exo to ego by AdaBN: features normalised by the statistics of their own view."""
_base_ = './mini_mstcn_i3d_egoexolearn-exo2ego-sstda.py'
model = dict(
    input_norm={{_base_.adabn_input}}, predict_views=dict(exo='source', ego='target'),
    adaptation={{_base_.adabn}})
