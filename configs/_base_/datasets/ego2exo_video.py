# Ego2Exo with the videos of the takes (448 pixels high), 8 frames of each segment; this file trains on ego. Settings
# that train on something else take their lists from here; both views are always scored. 12 clips of each domain make a
# batch, as in the released file; its command line says 64 unless told otherwise.
data_root = 'data/ego2exo'
segments = 'SegmentVideoDataset'
ego_train = dict(type=segments, view='ego', split='train')
exo_train = dict(type=segments, view='exo', split='train')
ego_val = dict(type=segments, view='ego', split='val')
exo_val = dict(type=segments, view='exo', split='val')

# The target of a transfer with the pseudo-labels that the authors of LaGTran released.
ego_pseudo = dict(
    type=segments, view='ego', split='train', labels='pseudo', pseudo_labels='pseudo_labels/ego2exo_exo_ego.txt')
exo_pseudo = dict(
    type=segments, view='exo', split='train', labels='pseudo', pseudo_labels='pseudo_labels/ego2exo_ego_exo.txt')
pairs = dict(type='PairedBatchSampler', epoch='endless', target_batch_size=12)

pack = dict(
    type='PackFrames', clip_len=8,
    meta_keys=['sample_id', 'uid', 'subset', 'view', 'sample_idx', 'start_sec', 'end_sec'])
train_pipeline = [
    dict(type='LoadSegmentFrames', num_frames=8, jitter=True),
    dict(type='RandomResizedCropFrames', size=224, scale=(0.5, 1.0)),
    dict(type='FlipFrames'),
    pack,
]
# More frames, a multiple of 8, are more clips; the largest logit of each class counts.
test_pipeline = [
    dict(type='LoadSegmentFrames', num_frames=8),
    dict(type='ResizeShortSide', size=224),
    dict(type='CenterCropFrames', size=224),
    pack,
]
# What stands beside `datasets` goes to every list in it.
shared = dict(type='ConcatSubsets', data_root=data_root, ann_file='metadata/ego2exo.json', on_bad='error')
loader = dict(batch_size=12, num_workers=8, persistent_workers=True, collate_fn=dict(type='collate_domains'))
train_dataloader = dict(
    **loader,
    drop_last=True,
    sampler=dict(type='ClassBalancedSampler'),
    dataset=dict(**shared, datasets=[ego_train], pipeline=train_pipeline))
val_dataloader = test_dataloader = dict(
    **loader,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(**shared, datasets=[ego_val, exo_val], pipeline=test_pipeline, test_mode=True))

val_evaluator = test_evaluator = dict(type='TransferMetric')
