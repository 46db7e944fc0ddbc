"""TRN on CLIP features, coming verbs, adapted from exo to gaze-cropped ego by TA3N, chosen per view."""
_base_ = './trn_clip_egoexolearn-noun-exo2ego-ta3n-gaze.py'
val_dataloader = test_dataloader = dict(dataset=dict(part='verb'))
train_dataloader = dict(batch_sampler=dict(target_batch_size=715), dataset=dict(part='verb'))
