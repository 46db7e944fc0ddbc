"""TRN on CLIP features, coming verbs, co-trained on ego and exo, chosen per view."""
_base_ = './trn_clip_egoexolearn-noun-egoexo.py'
train_dataloader = val_dataloader = test_dataloader = dict(dataset=dict(part='verb'))
