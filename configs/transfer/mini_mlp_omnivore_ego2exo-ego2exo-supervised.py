"""Upper bound from ego to exo: the target's true labels, each view normalised on its own."""
_base_ = './mini_mlp_omnivore_ego2exo-ego2exo-lagtran.py'
phases = dict(_delete_=True)
train_dataloader = dict(dataset=dict(target_datasets=[{{_base_.exo_train}}]))
model = dict(joint_forward=False)
