"""TRN on CLIP features, coming verbs, trained on exo; both views and both splits are scored."""
_base_ = './trn_clip_egoexolearn-noun-exo.py'
train_dataloader = val_dataloader = test_dataloader = dict(dataset=dict(part='verb'))
