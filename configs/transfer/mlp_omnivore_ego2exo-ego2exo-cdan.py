"""CDAN on pooled features from ego to exo, without text; batches of 32 and 32 as in the authors' baselines."""
_base_ = ['./mlp_omnivore_ego2exo-ego.py', '../_base_/adaptation/vector.py']
train_dataloader = dict(
    batch_size=32,
    drop_last=False,
    batch_sampler=dict(type='PairedBatchSampler', epoch='endless', target_batch_size=32),
    dataset=dict(type='DomainPairDataset', target_datasets=[{{_base_.exo_unlabelled}}]))
model = dict(adaptation={{_base_.cdan}})
