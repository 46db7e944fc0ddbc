"""XSegTx, ego to exo, without frames that nobody looked at in the target view; as released they are negatives."""
_base_ = './xsegtx_r50_egoexo4d-ego2exo.py'
train_dataloader = dict(dataset=dict(unknown='skip'))
