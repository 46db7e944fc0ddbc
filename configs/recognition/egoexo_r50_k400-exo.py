"""The pre-training of Ego-Exo R50: Kinetics-400 with ego scores, object scores and interaction maps distilled.

Its product is weights for the other configs; the released ones were made so on 64 GPUs.
"""
_base_ = [
    '../_base_/models/slowfast_r50.py', '../_base_/datasets/k400_distillation.py', '../_base_/default_runtime.py'
]
model = dict(
    cls_head=dict(num_classes=dict(_delete_=True, action=400, ego=2, object=1000), dropout=0.0),
    losses=dict(
        action=dict(type='LabelCrossEntropy', loss_weight=0.5),
        ego=dict(type='DistillationLoss', alpha=0.1),
        object=dict(type='DistillationLoss', alpha=0.5)),
    auxiliary_head=dict(
        type='InteractionMapHead', loss=dict(type='InteractionMapLoss', hand_weight=1.0, object_weight=1.0)))
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='MergedGroupsConstructor',
    optimizer=dict(type='SGD', lr=0.8, momentum=0.9, nesterov=True, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0.0))
param_scheduler = dict(type='WarmupCosineLR', warmup=34, by_epoch=True, convert_to_iter_based=True)
train_cfg = dict(type='SeededEpochLoop', max_epochs=200)
auto_scale_lr = dict(enable=False, base_batch_size=512)
