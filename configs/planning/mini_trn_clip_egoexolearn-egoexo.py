"""TRN on CLIP features, next eight steps, co-trained on ego and exo, chosen per view."""
_base_ = './mini_trn_clip_egoexolearn-ego.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.ego_train}}, {{_base_.exo_train}}]))
default_hooks = dict(checkpoint=dict(save_best=['ego_val/1-AUED', 'exo_val/1-AUED']))
