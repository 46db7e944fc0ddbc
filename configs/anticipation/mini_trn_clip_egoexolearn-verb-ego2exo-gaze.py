"""TRN on CLIP features, coming verbs, trained on gaze-cropped ego and chosen on exo val: zero-shot transfer."""
_base_ = './mini_trn_clip_egoexolearn-noun-ego2exo-gaze.py'
train_dataloader = val_dataloader = test_dataloader = dict(dataset=dict(part='verb'))
