# Multi-stage TCN as released for EgoExoLearn: 4 stages of 10 dilated layers, 743,218 parameters with its domain head.
model = dict(
    type='Segmentor',
    data_preprocessor=dict(type='SequenceDataPreprocessor'),
    backbone=dict(
        type='MultiStageTCN',
        in_channels=1024,
        num_classes=28,
        num_stages=4,
        num_layers=10,
        channels=64,
        dropout=0.5),
    head=dict(
        type='FrameHead',
        num_classes=28,
        upsample=5,
        loss=[
            dict(type='StageCrossEntropy', loss_weight=1.0),
            dict(type='TruncatedSmoothingLoss', loss_weight=0.15, threshold=4.0),
        ]),
    # Part of every released checkpoint; not computed unless a method uses it.
    adaptation=dict(type='DomainHeads'))
