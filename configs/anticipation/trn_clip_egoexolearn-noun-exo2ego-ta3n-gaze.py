"""TRN on CLIP features, coming nouns, adapted from exo to gaze-cropped ego by TA3N, chosen per view."""
_base_ = ['./trn_clip_egoexolearn-noun-ego-gaze.py', '../_base_/adaptation/clip.py']
train_dataloader = dict(
    batch_size=128,
    batch_sampler=dict(type='PairedBatchSampler', target_batch_size=683, epoch='shorter'),
    dataset=dict(
        type='DomainPairDataset', datasets=[{{_base_.exo_train}}], target_datasets=[{{_base_.ego_gaze_train}}]))
model = dict(attention='domain', adaptation={{_base_.ta3n_strong}})
default_hooks = dict(checkpoint=dict(save_best=['ego_gaze_val/macro_recall@5', 'exo_val/macro_recall@5']))
