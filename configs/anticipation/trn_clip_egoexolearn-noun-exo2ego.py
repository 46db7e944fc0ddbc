"""TRN on CLIP features, coming nouns, trained on exo and chosen on ego val: zero-shot transfer."""
_base_ = './trn_clip_egoexolearn-noun-exo.py'
default_hooks = dict(checkpoint=dict(save_best='ego_val/macro_recall@5'))
