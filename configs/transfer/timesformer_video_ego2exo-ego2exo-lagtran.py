"""LaGTran from ego to exo on video, with the pseudo-labels that its authors released; they published no number."""
_base_ = './timesformer_video_ego2exo-ego.py'
train_dataloader = dict(
    drop_last=False,
    batch_sampler={{_base_.pairs}},
    dataset=dict(type='DomainPairDataset', target_datasets=[{{_base_.exo_pseudo}}]))
model = dict(supervise_target=True)
