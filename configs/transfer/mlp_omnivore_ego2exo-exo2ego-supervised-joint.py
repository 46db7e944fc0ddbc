"""Upper bound with both views in one batch for the normalisation, as LaGTran trains; the released one splits them."""
_base_ = './mlp_omnivore_ego2exo-exo2ego-supervised.py'
model = dict(joint_forward=True)
