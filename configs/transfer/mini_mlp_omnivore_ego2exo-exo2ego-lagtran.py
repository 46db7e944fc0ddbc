"""LaGTran from exo to ego: a text classifier labels ego, then the MLP learns from both."""
_base_ = './mini_mlp_omnivore_ego2exo-exo.py'
phases = dict(text=dict(config='configs/transfer/mini_minilm_text_ego2exo-exo.py'))
train_dataloader = dict(
    drop_last=False,
    batch_sampler=dict(type='PairedBatchSampler', epoch='endless', target_batch_size=32),
    dataset=dict(type='DomainPairDataset', target_datasets=[{{_base_.ego_pseudo}}]))
model = dict(supervise_target=True)
