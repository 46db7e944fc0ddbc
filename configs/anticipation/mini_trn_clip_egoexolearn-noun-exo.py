"""TRN on CLIP features, coming nouns, trained on exo; both views and both splits are scored."""
_base_ = './mini_trn_clip_egoexolearn-noun-ego.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.exo_train}}]))
default_hooks = dict(checkpoint=dict(save_best='exo_val/macro_recall@5'))
