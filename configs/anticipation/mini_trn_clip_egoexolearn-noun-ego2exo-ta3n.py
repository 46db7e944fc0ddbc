"""TRN on CLIP features, coming nouns, adapted from ego to exo by TA3N, chosen per view."""
_base_ = ['./mini_trn_clip_egoexolearn-noun-ego.py', '../_base_/adaptation/clip.py']
train_dataloader = dict(
    batch_sampler={{_base_.pairs}},
    dataset=dict(type='DomainPairDataset', target_datasets=[{{_base_.exo_train}}]))
model = dict(attention='domain', adaptation={{_base_.ta3n}})
default_hooks = dict(checkpoint=dict(save_best=['ego_val/macro_recall@5', 'exo_val/macro_recall@5']))
