# EgoExoLearn temporal action segmentation: every official list of both views, read unchanged.
# A setting picks its training lists from here; validation and test always score both views.
data_root = 'data/egoexolearn'
tas_list = 'SegmentationDataset'
tas = 'temporal_action_segmentation_benchmark/tas_annotation'
lists = f'{tas}/splits'
plain = dict(labels=f'{tas}/gts_fps25', features='features/i3d_rgb_25fps')
gazed = dict(labels=f'{tas}/gts_fps25', features='features/i3d_rgb_25fps_gaze')  # features of gaze-cropped video

ego_train = dict(type=tas_list, view='ego', ann_file=f'{lists}/ego_train_annotations.bundle', data_prefix=plain)
ego_val = dict(type=tas_list, view='ego', ann_file=f'{lists}/ego_val_annotations.bundle', data_prefix=plain)
ego_gaze_train = dict(
    type=tas_list, view='ego', ann_file=f'{lists}/ego_gaze_train_annotations.bundle', data_prefix=gazed)
ego_gaze_val = dict(type=tas_list, view='ego', ann_file=f'{lists}/ego_gaze_val_annotations.bundle', data_prefix=gazed)
exo_train = dict(type=tas_list, view='exo', ann_file=f'{lists}/exo_train_annotations.bundle', data_prefix=plain)
exo_val = dict(type=tas_list, view='exo', ann_file=f'{lists}/exo_val_annotations.bundle', data_prefix=plain)
# The test lists are not part of every copy of the annotations: a missing one is said aloud and left out.
ego_test = dict(
    type=tas_list, view='ego', ann_file=f'{lists}/ego_test_annotations.bundle', data_prefix=plain, missing_list='skip')
ego_gaze_test = dict(
    type=tas_list, view='ego', ann_file=f'{lists}/ego_gaze_test_annotations.bundle', data_prefix=gazed,
    missing_list='skip')
exo_test = dict(
    type=tas_list, view='exo', ann_file=f'{lists}/exo_test_annotations.bundle', data_prefix=plain, missing_list='skip')

load = dict(type='LoadSequence', feature=dict(benchmark='segmentation', dim=1024))
train_pipeline = [load, dict(type='SampleSequence', step=5, trim=True), dict(type='PackInputs')]
test_pipeline = [load, dict(type='SampleSequence', step=5, trim=False), dict(type='PackInputs')]

# What stands beside `datasets` goes to every list in it.
shared = dict(
    type='ConcatSubsets', data_root=data_root, video_meta_file='video_meta_downsampled.json', on_bad='error')
loader = dict(batch_size=1, num_workers=2, persistent_workers=True)
train_dataloader = dict(
    **loader,
    sampler=dict(type='SeededSampler', shuffle=True),
    dataset=dict(**shared, datasets=[ego_train], pipeline=train_pipeline))
val_dataloader = dict(
    **loader,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(**shared, datasets=[ego_val, exo_val], pipeline=test_pipeline, test_mode=True))
test_dataloader = dict(
    **loader,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(
        **shared, datasets=[ego_val, exo_val, ego_test, exo_test], pipeline=test_pipeline, test_mode=True))

# The unseen cooking task of the ego population never occurs in its training list.
val_evaluator = dict(type='SegmentationMetric')
test_evaluator = dict(
    type='SegmentationMetric',
    protocols=('official', 'clean'),  # all of them: tools/evaluate.py --protocol all
    unseen_tasks=dict(ego=['task2']),
    num_bootstrap=1000)

# After a test: <work_dir>/<time>/vis_data/timelines/test.png, truth against prediction.
custom_hooks = [dict(type='SequenceVisualizationHook', num_videos=2)]
