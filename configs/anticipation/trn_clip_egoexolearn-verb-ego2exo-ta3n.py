"""TRN on CLIP features, coming verbs, adapted from ego to exo by TA3N, chosen per view."""
_base_ = './trn_clip_egoexolearn-noun-ego2exo-ta3n.py'
val_dataloader = test_dataloader = dict(dataset=dict(part='verb'))
train_dataloader = dict(batch_sampler=dict(target_batch_size=22), dataset=dict(part='verb'))
