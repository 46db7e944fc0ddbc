# Adaptation methods for clip networks. A config takes one as model.adaptation; `_delete_` drops what a sibling has set.
# Branches of beta: relation, video, frame. ta3n is the method of the released scripts, with attention='domain' in the
# model; ta3n_strong holds the weights they use from exo to ego anticipation. The others are for comparison.
pairs = dict(type='PairedBatchSampler', epoch='shorter')
all_places = ['relation', 'video', 'frame']

ta3n = dict(
    _delete_=True, type='ClipDomainHeads', beta=[0.75, 0.75, 0.5],
    objectives=[
        dict(type='FrameAdversarialLoss', places=all_places),
        dict(type='AttentiveEntropyLoss', places=['video'], loss_weight=0.003),
    ])
ta3n_strong = dict(
    _delete_=True, type='ClipDomainHeads', beta=[2.5, 0.75, 0.5],
    objectives=[
        dict(type='FrameAdversarialLoss', places=all_places),
        dict(type='AttentiveEntropyLoss', places=['video'], loss_weight=0.3),
    ])
dann = dict(
    _delete_=True, type='ClipDomainHeads', beta=[0.0, 0.75, 0.0],
    objectives=[dict(type='FrameAdversarialLoss', places=['video'])])
mada = dict(
    _delete_=True, type='ClipDomainHeads', class_heads=True, beta=[0.0, 0.75, 0.0],
    objectives=[dict(type='ClassAdversarialLoss', class_weight='soft', places=['video'])])
sstda = dict(
    _delete_=True, type='ClipDomainHeads', order='domain', num_segments=2, beta=[0.0, 0.75, 0.5],
    objectives=[
        dict(type='FrameAdversarialLoss', places=['video', 'frame']),
        dict(type='SequenceAdversarialLoss', places=['frame']),
        dict(type='AttentiveEntropyLoss', places=['video'], loss_weight=0.003),
    ])
vcop = dict(
    _delete_=True, type='ClipDomainHeads', order='clip', num_segments=3,
    objectives=[dict(type='OrderPredictionLoss', places=['frame'], loss_weight=0.3)])
mstn = dict(
    _delete_=True, type='ClipDomainHeads', centroids=True,
    objectives=[dict(type='CentroidAlignmentLoss', places=['video'], ratio=0.7, loss_weight=dict(type='SigmoidRamp'))])
dan = dict(
    _delete_=True, type='ClipDomainHeads',
    objectives=[
        dict(type='MMDLoss', of='logits', num=2, places=['video'], name='loss_mmd_logits'),
        dict(type='MMDLoss', of='features', num=5, places=['video']),
    ])
jan = dict(
    _delete_=True, type='ClipDomainHeads',
    objectives=[dict(
        type='JointMMDLoss', kernels=[dict(of='logits', num=2), dict(of='features', num=5)], rows='first',
        max_rows=None, block_rows=256, places=['video'])])
entropy = dict(
    _delete_=True, type='ClipDomainHeads',
    objectives=[dict(type='TargetEntropyLoss', places=['video'], loss_weight=0.1)])
# Ensembles need a second classifier: model.head.num_classifiers = 2.
mcd = dict(
    _delete_=True, type='ClipDomainHeads', reverse_weight=0.2,
    objectives=[dict(type='ClassifierDiscrepancyLoss', places=['video'], replace_target=False)])
swd = dict(
    _delete_=True, type='ClipDomainHeads', reverse_weight=0.2,
    objectives=[dict(type='SlicedWassersteinLoss', places=['video'], replace_target=False)])
# Needs model.embedding.norm = dict(type='DomainBatchNorm'); no loss looks at the target.
adabn = dict(_delete_=True, type='ClipDomainHeads')
