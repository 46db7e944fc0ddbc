# SUM-L: SlowFast 8x8 with ResNet-101 for the ego view and a second one for the third-person view, 126.7 M parameters,
# of which 62.8 M are used in a test. Everywhere one position per clip, so that 280 pixels score as published.
# Weights to start from: model.initial_weights=dict(ego='checkpoints/Ego_Exo_SLOWFAST_8x8_R101.pyth',
# tpv='the teacher, official or of slowfast_r101_lemma-exo').
_base_ = './slowfast_r101.py'
model = dict(
    type='SUMLRecognizer',
    cls_head=dict(pool='global', dropout=0.4),
    tpv_backbone=dict(type='SlowFast', depth=101, fusion_kernel=5),
    tpv_head=dict(
        type='MultiTaskHead', num_classes=dict(verb=25, noun=64), pool='global', dropout=0.4, activation='sigmoid'),
    contrast_head=dict(type='TextContrastHead', dim=384),
    contrast_loss=dict(type='DecoupledContrastiveLoss', temperature=0.06),
    tpv_weight=0.1,
    ego_text_weight=0.1,
    tpv_text_weight=0.1,
    # The paper's loss between the views is 'dcl_thres'; the released code computes another one and discards it.
    align_loss=None,
    align_weight=0.02,
    align_threshold=0.5)
