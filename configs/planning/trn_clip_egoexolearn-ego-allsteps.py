"""TRN on CLIP features, next eight steps, trained on ego, with the loss on all."""
_base_ = './trn_clip_egoexolearn-ego.py'
model = dict(head=dict(loss=[dict(type='FutureCrossEntropy', supervise='all')]))
