"""TRN on CLIP features, coming nouns, adapted from exo to ego by TA3N, chosen per view."""
_base_ = ['./trn_clip_egoexolearn-noun-exo.py', '../_base_/adaptation/clip.py']
train_dataloader = dict(
    batch_size=128,
    batch_sampler=dict(type='PairedBatchSampler', target_batch_size=683, epoch='shorter'),
    dataset=dict(type='DomainPairDataset', target_datasets=[{{_base_.ego_train}}]))
model = dict(attention='domain', adaptation={{_base_.ta3n_strong}})
default_hooks = dict(checkpoint=dict(save_best=['ego_val/macro_recall@5', 'exo_val/macro_recall@5']))
