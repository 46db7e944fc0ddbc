"""TRN on CLIP features, coming verbs, trained on ego with features of gaze-cropped video."""
_base_ = './trn_clip_egoexolearn-noun-ego-gaze.py'
train_dataloader = val_dataloader = test_dataloader = dict(dataset=dict(part='verb'))
