"""TRN on CLIP features, coming nouns, trained on ego and chosen on exo val: zero-shot transfer."""
_base_ = './trn_clip_egoexolearn-noun-ego.py'
default_hooks = dict(checkpoint=dict(save_best='exo_val/macro_recall@5'))
