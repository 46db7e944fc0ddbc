"""LaGTran from exo to ego: a text classifier labels ego, then the MLP learns from both. Published: 30.76."""
_base_ = './mlp_omnivore_ego2exo-exo.py'
phases = dict(text=dict(config='configs/transfer/minilm_text_ego2exo-exo.py'))
train_dataloader = dict(
    drop_last=False,
    batch_sampler={{_base_.pairs}},
    dataset=dict(type='DomainPairDataset', target_datasets=[{{_base_.ego_pseudo}}]))
model = dict(supervise_target=True)
