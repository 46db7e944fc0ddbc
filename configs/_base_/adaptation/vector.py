# Adaptation methods on pooled features. A config takes one as model.adaptation.
# Source: the authors' baselines, whose discriminators take gradients reversed by 2 / (1 + exp(-10 t / 10000)) - 1,
# t = 1 in the first step.
ramp = dict(type='SigmoidRamp', length=10000, offset=1)
dann = dict(
    type='FeatureDomainHeads', beta=ramp,
    objectives=[dict(type='FrameAdversarialLoss', places=['feature'])])
cdan = dict(
    type='FeatureDomainHeads', beta=ramp,
    objectives=[dict(type='FrameAdversarialLoss', places=['conditional'])])
cdan_e = dict(
    type='FeatureDomainHeads', beta=ramp,
    objectives=[dict(type='FrameAdversarialLoss', places=['conditional'], entropy_weights=True)])
