# EPIC-Kitchens-100: 67,217 segments to train on, 9,668 to validate, 13,092 without public labels; 97 verbs, 300 nouns.
# Frames are those of the official download (456 x 256), named frame_0000000001.jpg and so on; the first of the layouts
# whose folder exists counts, per video. Videos of EPIC-Kitchens-55 that lie elsewhere: add an absolute template.
data_root = 'data/epic-100'
frame_templates = (
    '{participant}/rgb_frames/{video}/frame_{frame:010d}.jpg',
    '{participant}/{video}/frame_{frame:010d}.jpg',
    '{video}/frame_{frame:010d}.jpg')
annotations = 'annotations'
class_files = dict(
    verb=f'{annotations}/EPIC_100_verb_classes.csv',
    noun=f'{annotations}/EPIC_100_noun_classes.csv')
segments = 'RecognitionDataset'
epic_train = dict(type=segments, ann_file=f'{annotations}/EPIC_100_train.csv', subset='train')
epic_val = dict(type=segments, ann_file=f'{annotations}/EPIC_100_validation.csv', subset='val')
# For a submission to the challenge: put it in the place of epic_val in test_dataloader.
epic_test = dict(type=segments, ann_file=f'{annotations}/EPIC_100_test_timestamps.csv', subset='test')

# 32 frames, every second one. Pictures stay blue first, as the published networks see them.
sample_train = dict(type='SampleClips', clip_len=32, frame_interval=2, mode='train')
sample_val = dict(type='SampleClips', clip_len=32, frame_interval=2, mode='val', num_views=10)
sample_test = dict(type='SampleClips', clip_len=32, frame_interval=2, mode='test', num_views=10)
load = dict(type='LoadClipFrames', channel_order='bgr')
augment = dict(type='RandomScaleCropFlip', scale=(256, 320), size=224)
pack = dict(type='PackClip')
train_pipeline = [sample_train, load, augment, pack]
val_pipeline = [sample_val, load, dict(type='CenterCropClip', size=256), pack]
# 10 clips in time x 3 crops.
test_pipeline = [sample_test, load, dict(type='ThreeCropClip', size=256), pack]
# What stands beside `datasets` goes to every list in it.
shared = dict(
    type='ConcatSubsets',
    data_root=data_root,
    data_prefix=dict(frames='dataset'),
    frame_templates=frame_templates,
    num_classes=dict(verb=97, noun=300),
    class_files=class_files,
    subset_files=dict(
        tail_verbs=f'{annotations}/EPIC_100_tail_verbs.csv',
        tail_nouns=f'{annotations}/EPIC_100_tail_nouns.csv',
        unseen_participants=f'{annotations}/EPIC_100_unseen_participant_ids_validation.csv'),
    on_bad='error')
loader = dict(num_workers=8, persistent_workers=True, pin_memory=True, collate_fn=dict(type='collate_clips'))
# Per GPU; the published batches are 16 GPUs x 8.
train_dataloader = dict(
    **loader,
    batch_size=8,
    drop_last=True,
    sampler=dict(type='SeededSampler', shuffle=True),
    dataset=dict(**shared, datasets=[epic_train], pipeline=train_pipeline))
val_dataloader = dict(
    **loader,
    batch_size=8,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(**shared, datasets=[epic_val], pipeline=val_pipeline, test_mode=True))
# A segment with all its frames can have 100 MB: one at a time.
test_dataloader = dict(
    **loader,
    batch_size=1,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(**shared, datasets=[epic_val], pipeline=test_pipeline, test_mode=True))

val_evaluator = test_evaluator = dict(type='RecognitionMetric')
