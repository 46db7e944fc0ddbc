"""XSegTx from ego to exo on EgoExo-Mini, small enough for a CPU.

Pictures keep their 160 pixels, a token covers 8, and a few convolutions, trained with the rest, stand in for the frozen
ResNet-50. Their maps tell nothing about places, so the mask is added to the query's tokens, and only these are
attended to.
"""
_base_ = './xsegtx_r50_egoexo4d-ego2exo.py'
data_root = 'data/mini/egoexo4d/correspondence'
pipeline = [
    dict(type='LoadImagePair'),
    dict(type='PadSquareResizeNearest', size=160),
    dict(type='PackPair', stride=4),
]
# A third of the pairs: neighbouring seconds of the same objects.
lists = dict(type='CorrespondenceDataset', split='val', every=3)
loader = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(**loader, batch_size=8, dataset=dict(data_root=data_root, pipeline=pipeline))
val_dataloader = dict(**loader, dataset=dict(data_root=data_root, pipeline=pipeline))
test_dataloader = dict(
    **loader,
    dataset=dict(
        data_root=data_root,
        pipeline=pipeline,
        datasets=[dict(**lists, direction='ego2exo'), dict(**lists, direction='exo2ego')]))
model = dict(
    backbone_checkpoint=None,
    freeze_backbone=False,
    hide_query=True,
    backbone=dict(_delete_=True, type='ConvStem', channels=(16, 32, 48), strides=(2, 2, 1)),
    encoder=dict(
        in_channels=48,
        embed_dims=48,
        num_heads=1,
        feedforward_channels=96,
        layers='OO',
        dropout=0.0,
        drop_feat=0.0,
        add_mask=True),
    decoder=dict(in_channels=48, scale=1),
    visibility_head=dict(in_channels=48, feat_size=40))
# Predictions of 160 pixels are enlarged to the 480 of the evaluator.
val_evaluator = test_evaluator = dict(resize_pred='nearest')
optim_wrapper = dict(optimizer=dict(lr=2e-3))
param_scheduler = [dict(type='OneCycleLR', eta_max=2e-3, total_steps=3000, pct_start=0.1, by_epoch=False)]
train_cfg = dict(max_iters=3000, val_interval=500)
default_hooks = dict(logger=dict(interval=100), checkpoint=dict(interval=500))
