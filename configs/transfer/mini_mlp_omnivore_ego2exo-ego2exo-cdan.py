"""CDAN on pooled features from ego to exo: DANN whose discriminator sees the class probabilities too."""
_base_ = './mini_mlp_omnivore_ego2exo-ego2exo-dann.py'
model = dict(adaptation=dict(objectives=[dict(type='FrameAdversarialLoss', places=['conditional'])]))
