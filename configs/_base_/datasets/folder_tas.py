# Your own videos: features from tools/data/extract_features.py and one CSV file of segments per list.
# data_root/features, train.csv, val.csv, test.csv (may be missing), classes.txt; see docs/your_own_videos.md.
data_root = 'data/own'
own_list = 'FolderSequenceDataset'
train_list = dict(type=own_list, ann_file='train.csv')
val_list = dict(type=own_list, ann_file='val.csv')
test_list = dict(type=own_list, ann_file='test.csv', missing_list='skip')

# Labels stand at the rate of the features, so every row is a step.
load = dict(type='LoadSequence', with_labels=False)
train_pipeline = [load, dict(type='SampleSequence', step=1, trim=True), dict(type='PackInputs')]
test_pipeline = [load, dict(type='SampleSequence', step=1, trim=False), dict(type='PackInputs')]

shared = dict(type='ConcatSubsets', data_root=data_root, on_bad='error')
loader = dict(batch_size=1, num_workers=2, persistent_workers=True)
train_dataloader = dict(
    **loader,
    sampler=dict(type='SeededSampler', shuffle=True),
    dataset=dict(**shared, datasets=[train_list], pipeline=train_pipeline))
val_dataloader = dict(
    **loader,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(**shared, datasets=[val_list], pipeline=test_pipeline, test_mode=True))
test_dataloader = dict(
    **loader,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(**shared, datasets=[val_list, test_list], pipeline=test_pipeline, test_mode=True))

# The official formulas; fixed_ends lets the last segment end where it ends.
val_evaluator = dict(type='SegmentationMetric', unseen_tasks=dict())
test_evaluator = dict(
    type='SegmentationMetric', protocols=('official', 'fixed_ends'), unseen_tasks=dict(), num_bootstrap=1000)

# After a test: <work_dir>/<time>/vis_data/timelines/test.png, truth against prediction.
custom_hooks = [dict(type='SequenceVisualizationHook', num_videos=2)]
