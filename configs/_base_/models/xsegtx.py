# XSegTx, size "small": a frozen ResNet-50 up to its third stage, pre-trained by MoCo v2 on ImageNet, and a cross-view
# encoder that is trained. 12.1 M parameters, 3.6 M of which are trained.
model = dict(
    type='XSegTx',
    # Its address stands in the licence table of the docs. Torchvision's ResNet-50 and checkpoints of XSegTx load too.
    backbone_checkpoint='checkpoints/moco_v2_800ep_pretrain.pth.tar',
    backbone=dict(
        type='mmaction.ResNet',
        depth=50,
        num_stages=3,
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(2,),
        norm_eval=True),
    encoder=dict(type='CrossViewEncoder', in_channels=1024),
    decoder=dict(type='MaskDecoder', scale=4),
    visibility_head=dict(type='VisibilityHead', feat_size=30),
    loss=dict(type='PairMaskLoss', positive_weight=10.0),
    data_preprocessor=dict(type='PairDataPreprocessor'))
