"""TRN on CLIP features, coming verbs, adapted from exo to gaze-cropped ego by TA3N, chosen per view."""
_base_ = './mini_trn_clip_egoexolearn-noun-exo2ego-ta3n-gaze.py'
train_dataloader = val_dataloader = test_dataloader = dict(dataset=dict(part='verb'))
