# Narrations of EPIC-Kitchens-100 (ego), divided by video: two thirds to learn from, one third to be scored on.
data_root = 'data/epic-kitchens-100'
train = dict(type='NarrationDataset', split='train')
val = dict(type='NarrationDataset', split='val')

shared = dict(
    type='ConcatSubsets', data_root=data_root, ann_file='EPIC_100_validation.csv',
    class_file='EPIC_100_verb_classes.csv', form='epic', part='verb', num_classes=97)
loader = dict(num_workers=0, collate_fn=dict(type='collate_domains'))
train_dataloader = dict(
    **loader,
    batch_size=64,
    drop_last=True,
    sampler=dict(type='SeededSampler', shuffle=True),
    dataset=dict(**shared, datasets=[train]))
val_dataloader = test_dataloader = dict(
    **loader,
    batch_size=256,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(**shared, datasets=[val], test_mode=True))
val_evaluator = test_evaluator = dict(type='TransferMetric')

custom_hooks = [dict(type='FitEncoderHook')]
