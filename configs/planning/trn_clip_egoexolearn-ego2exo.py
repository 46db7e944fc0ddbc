"""TRN on CLIP features, next eight steps, trained on ego and chosen on exo val: zero-shot transfer."""
_base_ = './trn_clip_egoexolearn-ego.py'
default_hooks = dict(checkpoint=dict(save_best='exo_val/1-AUED'))
