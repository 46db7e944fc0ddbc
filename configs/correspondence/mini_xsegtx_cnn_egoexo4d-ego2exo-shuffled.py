"""Sabotage: in training each pair shows the mask of another object. Nothing can be learnt from that."""
_base_ = './mini_xsegtx_cnn_egoexo4d-ego2exo.py'
train_dataloader = dict(dataset=dict(swap_masks=0))
