# ASFormer with the published sizes (encoder, 3 decoders, 10 layers each), a backbone to put in place of MS-TCN:
# `model = dict(backbone={{_base_.asformer}})`. 1,077,298 parameters with the domain head.
asformer = dict(
    _delete_=True,
    type='ASFormer',
    in_channels=1024,
    num_classes=28,
    num_decoders=3,
    num_layers=10,
    channels=64,
    reduction=2,
    dropout=0.5,
    channel_dropout=0.3)
