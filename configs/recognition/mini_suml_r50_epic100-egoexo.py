"""SUM-L on EgoExo-Mini: the ego network of the baseline, beside it one for third-person clips; losses as released."""
_base_ = './mini_slowfast_r50_epic100-ego.py'
tpv_pipeline = [
    {{_base_.load}},
    {{_base_.augment}},
    dict(type='PCALighting', std=0.1),
    dict(type='PackClip', normalize_first=False, swap_channels=True),
]
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='SemanticPairDataset',
        data_root={{_base_.data_root}},
        pairs_file='pairs/epic_lemma_pairs.json',
        text_embeddings='pairs/text_embeddings.npz',
        ego=dict(
            ann_file='annotations/EPIC_100_train.csv',
            data_prefix=dict(frames='rgb_frames'),
            num_classes={{_base_.num_classes}},
            class_files={{_base_.class_files}},
            pipeline={{_base_.train_pipeline}}),
        tpv=dict(data_root='data/mini/epic/lemma', clip_len=8, pipeline=tpv_pipeline)))
model = dict(
    type='SUMLRecognizer',
    tpv_backbone=dict(type='SlowFast', depth=50, base_channels=16, fusion_kernel=7),
    tpv_head=dict(
        type='MultiTaskHead', num_classes={{_base_.num_classes}}, pool='global', dropout=0.5, activation='sigmoid'),
    contrast_head=dict(type='TextContrastHead', dim=384))
