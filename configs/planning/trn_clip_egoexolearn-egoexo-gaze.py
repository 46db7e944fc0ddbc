"""TRN on CLIP features, next eight steps, co-trained on gaze-cropped ego and on exo, chosen per view."""
_base_ = './trn_clip_egoexolearn-ego-gaze.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.ego_gaze_train}}, {{_base_.exo_train}}]))
default_hooks = dict(checkpoint=dict(save_best=['ego_gaze_val/1-AUED', 'exo_val/1-AUED']))
