"""CDAN on pooled features from exo to ego: DANN whose discriminator sees the class probabilities too."""
_base_ = './mlp_omnivore_ego2exo-exo2ego-dann.py'
model = dict(adaptation={{_base_.cdan}})
