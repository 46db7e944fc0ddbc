"""TRN on CLIP features, next eight steps, co-trained on ego and exo, chosen per view, with the loss on all."""
_base_ = './trn_clip_egoexolearn-egoexo.py'
model = dict(head=dict(loss=[dict(type='FutureCrossEntropy', supervise='all')]))
