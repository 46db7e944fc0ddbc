"""LaGTran from usa to asia on GeoPlaces, with the pseudo-labels that its authors released. Published: 56.14."""
_base_ = './vit_image_geoplaces-usa.py'
train_dataloader = dict(
    drop_last=False,
    batch_sampler={{_base_.pairs}},
    dataset=dict(type='DomainPairDataset', target_datasets=[{{_base_.asia_pseudo}}]))
model = dict(supervise_target=True)
