# Relations of Ego-Exo4D in the layout that tools/data/prepare_correspondence.py writes; this file trains on ego2exo (the
# mask is given in the ego view). Settings that train on something else take their lists from here; both directions are
# tested. The annotations of the official test split are not public, so val is validated and tested.
data_root = 'data/egoexo4d/correspondence'
pairs = 'CorrespondenceDataset'
ego2exo_train = dict(type=pairs, direction='ego2exo', split='train')
exo2ego_train = dict(type=pairs, direction='exo2ego', split='train')
ego2exo_val = dict(type=pairs, direction='ego2exo', split='val')
exo2ego_val = dict(type=pairs, direction='exo2ego', split='val')
# Every 20th pair: a validation during training takes minutes instead of hours.
ego2exo_some = dict(type=pairs, direction='ego2exo', split='val', every=20)
exo2ego_some = dict(type=pairs, direction='exo2ego', split='val', every=20)

train_pipeline = [
    dict(type='LoadImagePair'),
    dict(type='PadSquareResizeNearest', size=480),
    # As released, half of the positive pairs are trained with all tokens outside the true mask hidden.
    dict(type='HideTargetTokens', prob=0.5, stride=16),
    dict(type='PackPair'),
]
test_pipeline = [
    dict(type='LoadImagePair'),
    dict(type='PadSquareResizeNearest', size=480),
    dict(type='PackPair'),
]
# What stands beside `datasets` goes to every list in it.
shared = dict(type='ConcatSubsets', data_root=data_root, on_bad='error')
loader = dict(batch_size=32, num_workers=8, persistent_workers=True, collate_fn=dict(type='collate_pairs'))
train_dataloader = dict(
    **loader,
    sampler=dict(type='InfiniteSeededSampler', shuffle=True),
    dataset=dict(**shared, datasets=[ego2exo_train], pipeline=train_pipeline))
val_dataloader = dict(
    **loader,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(**shared, datasets=[ego2exo_some], pipeline=test_pipeline, test_mode=True))
test_dataloader = dict(
    **loader,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(**shared, datasets=[ego2exo_val, exo2ego_val], pipeline=test_pipeline, test_mode=True))

val_evaluator = dict(type='CorrespondenceMetric')
test_evaluator = dict(type='CorrespondenceMetric', protocols='all')
