"""TRN on CLIP features, next eight steps, trained on ego with features of gaze-cropped video."""
_base_ = './trn_clip_egoexolearn-ego.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.ego_gaze_train}}]))
val_dataloader = dict(dataset=dict(datasets=[{{_base_.ego_gaze_val}}, {{_base_.exo_val}}]))
test_dataloader = dict(dataset=dict(datasets=[
    {{_base_.ego_gaze_val}}, {{_base_.exo_val}}, {{_base_.ego_gaze_test}}, {{_base_.exo_test}}]))
default_hooks = dict(checkpoint=dict(save_best='ego_gaze_val/1-AUED'))
