"""LaGTran from asia to usa on GeoImnet, with the pseudo-labels that its authors released. Published: 64.16."""
_base_ = './vit_image_geoimnet-asia.py'
train_dataloader = dict(
    drop_last=False,
    batch_sampler={{_base_.pairs}},
    dataset=dict(type='DomainPairDataset', target_datasets=[{{_base_.usa_pseudo}}]))
model = dict(supervise_target=True)
