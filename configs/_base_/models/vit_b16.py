# ViT-B/16 with ImageNet weights, trained along, and the released head: 768 -> 256 -> classes. `name` is an id of the
# Hugging Face hub or a folder with its files; the authors start from timm's vit_base_patch16_224.
model = dict(
    type='SegmentClassifier',
    data_preprocessor=dict(
        type='PictureDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]),
    encoder=dict(type='HFImageEncoder', name='google/vit-base-patch16-224', pooling='cls'),
    head=dict(type='MLPHead', feat_size=[768, 256], num_classes='dataset'))
