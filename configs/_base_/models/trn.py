# Temporal relation network of TA3N as released for EgoExoLearn: 5 frames of a clip, 3,244,106 parameters for 31 nouns.
# Planning says head=dict(horizon=8, loss=[dict(type='FutureCrossEntropy')]). A model that is trained with domain
# attention (attention='domain') has to be tested with it.
model = dict(
    type='ClipModel',
    data_preprocessor=dict(type='SequenceDataPreprocessor'),
    embedding=dict(type='FrameEmbedding', in_channels=768, channels=512, num_layers=1, dropout=0.5),
    encoder=dict(type='TemporalRelation', channels=256, num_segments=5),
    head=dict(type='ClipHead', num_classes='dataset', loss=[dict(type='MultiLabelCrossEntropy')]),
    attention=None,
    dropout=0.5,
    # Part of every released checkpoint; frozen and not computed unless an objective or the attention reads it.
    adaptation=dict(type='ClipDomainHeads'),
    # Layers that the released code never uses, so that its checkpoints go in and out whole.
    released=dict(type='ReleasedLayers'))
