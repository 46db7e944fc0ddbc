"""TRN on CLIP features, next eight steps, trained on exo, with the loss on all."""
_base_ = './trn_clip_egoexolearn-exo.py'
model = dict(head=dict(loss=[dict(type='FutureCrossEntropy', supervise='all')]))
