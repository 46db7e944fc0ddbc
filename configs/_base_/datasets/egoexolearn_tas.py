# EgoExoLearn temporal action segmentation: every official list of both views, read unchanged.
# A setting picks its training lists from here; validation and test always score both views.
dataset_type = 'SegmentationDataset'
data_root = 'data/egoexolearn'
tas = 'temporal_action_segmentation_benchmark/tas_annotation'
plain = dict(labels=f'{tas}/gts_fps25', features='features/i3d_rgb_25fps')
gazed = dict(labels=f'{tas}/gts_fps25', features='features/i3d_rgb_25fps_gaze')  # features of gaze-cropped video
meta = 'video_meta_downsampled.json'
feature = dict(benchmark='segmentation', dim=1024)

train_pipeline = [
    dict(type='LoadSequence', feature=feature),
    dict(type='SampleSequence', step=5, trim=True),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadSequence', feature=feature),
    dict(type='SampleSequence', step=5, trim=False),
    dict(type='PackInputs'),
]

ego_train = dict(
    type=dataset_type, view='ego', ann_file=f'{tas}/splits/ego_train_annotations.bundle', data_prefix=plain,
    video_meta_file=meta, pipeline=train_pipeline)
ego_gaze_train = dict(
    type=dataset_type, view='ego', ann_file=f'{tas}/splits/ego_gaze_train_annotations.bundle', data_prefix=gazed,
    video_meta_file=meta, pipeline=train_pipeline)
exo_train = dict(
    type=dataset_type, view='exo', ann_file=f'{tas}/splits/exo_train_annotations.bundle', data_prefix=plain,
    video_meta_file=meta, pipeline=train_pipeline)

ego_val = dict(
    type=dataset_type, view='ego', ann_file=f'{tas}/splits/ego_val_annotations.bundle', data_prefix=plain,
    video_meta_file=meta, pipeline=test_pipeline, test_mode=True)
ego_gaze_val = dict(
    type=dataset_type, view='ego', ann_file=f'{tas}/splits/ego_gaze_val_annotations.bundle', data_prefix=gazed,
    video_meta_file=meta, pipeline=test_pipeline, test_mode=True)
exo_val = dict(
    type=dataset_type, view='exo', ann_file=f'{tas}/splits/exo_val_annotations.bundle', data_prefix=plain,
    video_meta_file=meta, pipeline=test_pipeline, test_mode=True)
# The test lists are not part of every copy of the annotations: a missing one is said aloud and left out.
ego_test = dict(
    type=dataset_type, view='ego', ann_file=f'{tas}/splits/ego_test_annotations.bundle', data_prefix=plain,
    video_meta_file=meta, pipeline=test_pipeline, test_mode=True, missing_list='skip')
ego_gaze_test = dict(
    type=dataset_type, view='ego', ann_file=f'{tas}/splits/ego_gaze_test_annotations.bundle', data_prefix=gazed,
    video_meta_file=meta, pipeline=test_pipeline, test_mode=True, missing_list='skip')
exo_test = dict(
    type=dataset_type, view='exo', ann_file=f'{tas}/splits/exo_test_annotations.bundle', data_prefix=plain,
    video_meta_file=meta, pipeline=test_pipeline, test_mode=True, missing_list='skip')

train_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='SeededSampler', shuffle=True),
    dataset=dict(type='ConcatSubsets', data_root=data_root, datasets=[ego_train]))
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(type='ConcatSubsets', data_root=data_root, datasets=[ego_val, exo_val]))
test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(type='ConcatSubsets', data_root=data_root, datasets=[ego_val, exo_val, ego_test, exo_test]))

# The unseen cooking task of the ego population never occurs in its training list.
val_evaluator = dict(type='SegmentationMetric')
test_evaluator = dict(
    type='SegmentationMetric',
    protocols=('official', 'clean', 'fixed_ends', 'no_background'),
    unseen_tasks=dict(ego=['task2']),
    num_bootstrap=1000)
