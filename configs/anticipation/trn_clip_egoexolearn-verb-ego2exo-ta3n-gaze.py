"""TRN on CLIP features, coming verbs, adapted from gaze-cropped ego to exo by TA3N, chosen per view."""
_base_ = './trn_clip_egoexolearn-noun-ego2exo-ta3n-gaze.py'
val_dataloader = test_dataloader = dict(dataset=dict(part='verb'))
train_dataloader = dict(batch_sampler=dict(target_batch_size=22), dataset=dict(part='verb'))
