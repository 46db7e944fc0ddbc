"""LaGTran from asia to usa on GeoPlaces, with the pseudo-labels that its authors released. Published: 57.02."""
_base_ = './vit_image_geoplaces-asia.py'
train_dataloader = dict(
    drop_last=False,
    batch_sampler={{_base_.pairs}},
    dataset=dict(type='DomainPairDataset', target_datasets=[{{_base_.usa_pseudo}}]))
model = dict(supervise_target=True)
