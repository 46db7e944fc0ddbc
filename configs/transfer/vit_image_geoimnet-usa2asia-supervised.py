"""Upper bound from usa to asia on GeoImnet: the target's true labels, each domain normalised on its own."""
_base_ = './vit_image_geoimnet-usa2asia-lagtran.py'
train_dataloader = dict(dataset=dict(target_datasets=[{{_base_.asia_train}}]))
model = dict(joint_forward=False)
