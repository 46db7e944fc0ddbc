"""TRN on CLIP features, coming verbs, trained on exo and chosen on ego val: zero-shot transfer."""
_base_ = './trn_clip_egoexolearn-noun-exo2ego.py'
train_dataloader = val_dataloader = test_dataloader = dict(dataset=dict(part='verb'))
