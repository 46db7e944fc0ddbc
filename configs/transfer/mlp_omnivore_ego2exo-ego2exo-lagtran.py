"""LaGTran from ego to exo: a text classifier labels exo, then the MLP learns from both. Published: 12.34."""
_base_ = './mlp_omnivore_ego2exo-ego.py'
phases = dict(text=dict(config='configs/transfer/minilm_text_ego2exo-ego.py'))
train_dataloader = dict(
    drop_last=False,
    batch_sampler={{_base_.pairs}},
    dataset=dict(type='DomainPairDataset', target_datasets=[{{_base_.exo_pseudo}}]))
model = dict(supervise_target=True)
