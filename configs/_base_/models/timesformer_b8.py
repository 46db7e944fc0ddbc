# TimeSformer-Base on clips of 8 frames, trained along, and the released head: 768 -> 256 -> classes. The authors start
# from Kinetics-600: model.encoder.checkpoint='TimeSformer_divST_8x32_224_K600.pyth'.
model = dict(
    type='MultiClipClassifier',
    data_preprocessor=dict(
        type='PictureDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]),
    encoder=dict(type='TimeSformer', num_frames=8, checkpoint='checkpoints/TimeSformer_divST_8x32_224_K600.pyth'),
    head=dict(type='MLPHead', feat_size=[768, 256], num_classes='dataset'))
