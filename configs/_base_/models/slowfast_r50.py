# SlowFast 8x8 with ResNet-50, 34.6 M parameters: 32 frames over 64, 8 of them in the slow pathway. The classifiers of
# EPIC-KITCHENS-100; clips larger than 224 pixels are scored at several positions, as PySlowFast and Ego-Exo do.
# Weights to start from, as published: model.initial_weights=dict(ego='checkpoints/SLOWFAST_8x8_R50.pyth'), or
# Ego_Exo_SLOWFAST_8x8_R50.pyth.
model = dict(
    type='ClipRecognizer',
    backbone=dict(type='SlowFast', depth=50, fusion_kernel=7),
    cls_head=dict(type='MultiTaskHead', num_classes=dict(verb=97, noun=300), pool='window', window=7, dropout=0.5),
    data_preprocessor=dict(type='ClipDataPreprocessor'))
