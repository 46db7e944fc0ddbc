"""CDAN on pooled features from ego to exo: DANN whose discriminator sees the class probabilities too."""
_base_ = './mlp_omnivore_ego2exo-ego2exo-dann.py'
model = dict(adaptation={{_base_.cdan}})
