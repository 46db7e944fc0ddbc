"""TRN on CLIP features, coming verbs, co-trained on gaze-cropped ego and on exo, chosen per view."""
_base_ = './mini_trn_clip_egoexolearn-noun-egoexo-gaze.py'
train_dataloader = val_dataloader = test_dataloader = dict(dataset=dict(part='verb'))
