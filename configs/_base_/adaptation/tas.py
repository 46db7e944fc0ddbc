# Adaptation methods for multi-stage segmentation networks. A config takes one as model.adaptation; `_delete_` drops what
# a sibling has set. Weights and places are those of the released code with the settings that SSTDA publishes for GTEA,
# whose other settings are the benchmark's too; the benchmark's own transfer scripts leave all methods off.
middle = ['stage2', 'stage3']
frame_beta = dict(type='SigmoidRamp', length=2000)
video_beta = dict(type='SigmoidRamp', length=1400, scale=0.1)
growing = dict(type='SigmoidRamp', length=2000)
frame = dict(type='FrameAdversarialLoss', places=middle)

# Pairs of batches: an epoch is a pass over the source, the target goes on from epoch to epoch.
pairs = dict(type='PairedBatchSampler', epoch='source')

dann = dict(_delete_=True, type='DomainHeads', beta=[frame_beta, 0.0], objectives=[frame])
mada = dict(
    _delete_=True, type='DomainHeads', class_heads=True, beta=[frame_beta, 0.0],
    objectives=[dict(type='ClassAdversarialLoss', class_weight='soft', places=middle)])
sstda = dict(
    _delete_=True, type='DomainHeads', num_segments=2, video='rev_grad_ssl', attention=True,
    beta=[frame_beta, video_beta],
    objectives=[
        frame,
        dict(type='SequenceAdversarialLoss', places=middle),
        dict(type='AttentiveEntropyLoss', loss_weight=0.01, places=middle),
    ])
mstn = dict(
    _delete_=True, type='DomainHeads', centroids=True,
    objectives=[dict(type='CentroidAlignmentLoss', ratio=0.7, loss_weight=growing, places=middle)])
jan = dict(
    _delete_=True, type='DomainHeads',
    objectives=[dict(type='JointMMDLoss', loss_weight=dict(type='SigmoidRamp', length=37500), places=middle)])
dan = dict(
    _delete_=True, type='DomainHeads',
    objectives=[dict(type='MMDLoss', of='features', rows='random', max_rows=512, block_rows=512, loss_weight=growing,
                     places=middle)])
# Ensembles need a second classifier: model.backbone.num_classifiers = 2.
mcd = dict(
    _delete_=True, type='DomainHeads', beta=frame_beta,
    objectives=[dict(type='ClassifierDiscrepancyLoss', places=middle)])
swd = dict(
    _delete_=True, type='DomainHeads', beta=frame_beta,
    objectives=[dict(type='SlicedWassersteinLoss', num_directions=128, places=middle)])
vcop = dict(
    _delete_=True, type='DomainHeads', num_segments=3, order=True,
    objectives=[dict(type='OrderPredictionLoss', loss_weight=0.3, places=middle)])
entropy = dict(
    _delete_=True, type='DomainHeads',
    objectives=[dict(type='TargetEntropyLoss', loss_weight=0.01, places=middle)])
# Batch normalisation of the features with statistics of each view; no loss looks at the target.
adabn = dict(_delete_=True, type='DomainHeads')
adabn_input = dict(type='DomainBatchNorm', num_features=1024, affine=False, momentum=None, running=True)
