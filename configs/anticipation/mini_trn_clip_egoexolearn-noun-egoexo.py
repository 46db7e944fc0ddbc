"""TRN on CLIP features, coming nouns, co-trained on ego and exo, chosen per view."""
_base_ = './mini_trn_clip_egoexolearn-noun-ego.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.ego_train}}, {{_base_.exo_train}}]))
default_hooks = dict(checkpoint=dict(save_best=['ego_val/macro_recall@5', 'exo_val/macro_recall@5']))
