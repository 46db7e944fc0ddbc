"""XSegTx, exo to ego, with negatives from ego pictures; as released they are exo pictures in both directions."""
_base_ = './xsegtx_r50_egoexo4d-exo2ego.py'
train_dataloader = dict(dataset=dict(negative_view='target'))
