"""Upper bound from asia to usa on GeoImnet: the target's true labels, each domain normalised on its own."""
_base_ = './vit_image_geoimnet-asia2usa-lagtran.py'
train_dataloader = dict(dataset=dict(target_datasets=[{{_base_.usa_train}}]))
model = dict(joint_forward=False)
