"""TRN on CLIP features, next eight steps, adapted from ego to exo by TA3N, chosen per view, with the loss on all."""
_base_ = './mini_trn_clip_egoexolearn-ego2exo-ta3n.py'
model = dict(head=dict(loss=[dict(type='FutureCrossEntropy', supervise='all')]))
