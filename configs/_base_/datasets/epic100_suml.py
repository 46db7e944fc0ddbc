# EPIC-Kitchens-100 for SUM-L: in training every segment has a third-person clip of LEMMA of the same meaning, and both
# narrations an embedding. Made before: pairs by tools/data/pair_semantics.py (or the official file, with path_prefix),
# embeddings by tools/data/embed_narrations.py. Tested as any other network, with larger crops.
_base_ = './epic100_recognition.py'
augment = dict(type='RandomScaleCropFlip', scale=(256, 320), size=256)
# The third-person network sees red first, normalised after a shift of colours.
tpv_pipeline = [
    dict(type='LoadClipFrames', channel_order='bgr'),
    augment,
    dict(type='PCALighting', std=0.1),
    dict(type='PackClip', normalize_first=False, swap_channels=True),
]
train_dataloader = dict(
    # Per GPU, of 2. The contrastive losses compare the clips of one GPU, so this number is part of the method.
    batch_size=32,
    dataset=dict(
        _delete_=True,
        type='SemanticPairDataset',
        data_root={{_base_.data_root}},
        pairs_file='pairs/epic_lemma_pairs.json',
        text_embeddings='pairs/text_embeddings.npz',
        ego=dict(
            ann_file='annotations/EPIC_100_train.csv',
            data_prefix=dict(frames='dataset'),
            frame_templates={{_base_.frame_templates}},
            num_classes=dict(verb=97, noun=300),
            class_files={{_base_.class_files}},
            pipeline=[{{_base_.sample_train}}, {{_base_.load}}, augment, {{_base_.pack}}]),
        tpv=dict(data_root='data/lemma', split='1tpv_train', clip_len=32, pipeline=tpv_pipeline)))
val_dataloader = dict(
    dataset=dict(
        pipeline=[{{_base_.sample_val}}, {{_base_.load}}, dict(type='CenterCropClip', size=280), {{_base_.pack}}]))
test_dataloader = dict(
    dataset=dict(
        pipeline=[{{_base_.sample_test}}, {{_base_.load}}, dict(type='ThreeCropClip', size=280), {{_base_.pack}}]))
