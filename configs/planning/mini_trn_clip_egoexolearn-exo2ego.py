"""TRN on CLIP features, next eight steps, trained on exo and chosen on ego val: zero-shot transfer."""
_base_ = './mini_trn_clip_egoexolearn-exo.py'
default_hooks = dict(checkpoint=dict(save_best='ego_val/1-AUED'))
