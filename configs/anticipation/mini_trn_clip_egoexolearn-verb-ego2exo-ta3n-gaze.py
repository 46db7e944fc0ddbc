"""TRN on CLIP features, coming verbs, adapted from gaze-cropped ego to exo by TA3N, chosen per view."""
_base_ = './mini_trn_clip_egoexolearn-noun-ego2exo-ta3n-gaze.py'
train_dataloader = val_dataloader = test_dataloader = dict(dataset=dict(part='verb'))
