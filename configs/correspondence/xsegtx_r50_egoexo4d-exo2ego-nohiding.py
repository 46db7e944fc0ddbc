"""XSegTx, exo to ego, with no token hidden in training: no part of the truth is told by what may be attended to."""
_base_ = './xsegtx_r50_egoexo4d-exo2ego.py'
train_dataloader = dict(dataset=dict(pipeline={{_base_.test_pipeline}}))
