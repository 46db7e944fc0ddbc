# Kinetics-400 with what two teachers said about every video and boxes of hands and touched objects, for the
# pre-training of Ego-Exo. The list, the scores and the boxes are those of the released download.
data_root = 'data/kinetics400'
train_pipeline = [
    dict(type='SampleVideoClips', clip_len=32, frame_interval=2, mode='train'),
    dict(type='LoadClipFrames', channel_order='rgb'),
    dict(type='RandomScaleCropFlip', scale=(256, 320), size=224),
    dict(type='LoadInteractionBoxes'),
    dict(type='PackClip'),
]
train_dataloader = dict(
    batch_size=8,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    collate_fn=dict(type='collate_clips'),
    sampler=dict(type='SeededSampler', shuffle=True),
    dataset=dict(
        type='KineticsDataset',
        data_root=data_root,
        ann_file='train.csv',
        data_prefix=dict(videos='videos'),
        ego_scores='ego_scores.pkl',
        object_scores='object_scores.pkl',
        interaction_maps='interaction_maps',
        pipeline=train_pipeline))
