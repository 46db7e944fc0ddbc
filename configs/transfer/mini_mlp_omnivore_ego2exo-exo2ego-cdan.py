"""CDAN on pooled features from exo to ego, without text; the reversal grows over the whole, shorter training."""
_base_ = './mini_mlp_omnivore_ego2exo-exo.py'
train_dataloader = dict(
    drop_last=False,
    batch_sampler=dict(type='PairedBatchSampler', epoch='endless', target_batch_size=32),
    dataset=dict(type='DomainPairDataset', target_datasets=[{{_base_.ego_unlabelled}}]))
model = dict(adaptation=dict(
    type='FeatureDomainHeads', beta=dict(type='SigmoidRamp'),
    objectives=[dict(type='FrameAdversarialLoss', places=['conditional'])]))
