"""TRN on CLIP features, coming nouns, co-trained on gaze-cropped ego and on exo, chosen per view."""
_base_ = './trn_clip_egoexolearn-noun-ego-gaze.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.ego_gaze_train}}, {{_base_.exo_train}}]))
default_hooks = dict(checkpoint=dict(save_best=['ego_gaze_val/macro_recall@5', 'exo_val/macro_recall@5']))
