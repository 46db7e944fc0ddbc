"""XSegTx, exo to ego, without frames that nobody looked at in the target view; as released they are negatives."""
_base_ = './xsegtx_r50_egoexo4d-exo2ego.py'
train_dataloader = dict(dataset=dict(unknown='skip'))
