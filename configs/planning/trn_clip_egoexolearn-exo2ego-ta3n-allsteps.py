"""TRN on CLIP features, next eight steps, adapted from exo to ego by TA3N, chosen per view, with the loss on all."""
_base_ = './trn_clip_egoexolearn-exo2ego-ta3n.py'
model = dict(head=dict(loss=[dict(type='FutureCrossEntropy', supervise='all')]))
