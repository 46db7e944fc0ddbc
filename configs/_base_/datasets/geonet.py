# GeoImnet, the 600 objects of GeoNet; this file trains on usa. Settings that train on something else take their lists
# from here; both domains are always scored, on the lists that the release calls test.
data_root = 'data/geonet'
images = 'GeoNetDataset'
usa_train = dict(type=images, domain='usa', split='train')
asia_train = dict(type=images, domain='asia', split='train')
usa_val = dict(type=images, domain='usa', split='val')
asia_val = dict(type=images, domain='asia', split='val')

# The target of a transfer with the pseudo-labels that the authors of LaGTran released. To make your own, set
# pseudo_labels='phase:text' and phases = dict(text=dict(config='configs/transfer/minilm_text_geoimnet-usa.py')).
usa_pseudo = dict(
    type=images, domain='usa', split='train', labels='pseudo', pseudo_labels='pseudo_labels/geoimnet_asia_usa.txt')
asia_pseudo = dict(
    type=images, domain='asia', split='train', labels='pseudo', pseudo_labels='pseudo_labels/geoimnet_usa_asia.txt')
pairs = dict(type='PairedBatchSampler', epoch='endless', target_batch_size=64)

train_pipeline = [
    dict(type='LoadPicture'),
    dict(type='ResizeShortSide', size=256),
    dict(type='RandomResizedCropFrames', size=224),
    dict(type='FlipFrames'),
    dict(type='PackFrames'),
]
test_pipeline = [
    dict(type='LoadPicture'),
    dict(type='ResizeShortSide', size=256),
    dict(type='CenterCropFrames', size=224),
    dict(type='PackFrames'),
]
# What stands beside `datasets` goes to every list in it.
shared = dict(type='ConcatSubsets', data_root=data_root, ann_file='metadata/geoimnet.json', on_bad='error')
loader = dict(
    batch_size=64, num_workers=8, persistent_workers=True, collate_fn=dict(type='collate_domains'))
train_dataloader = dict(
    **loader,
    drop_last=True,
    sampler=dict(type='ClassBalancedSampler'),
    dataset=dict(**shared, datasets=[usa_train], pipeline=train_pipeline))
val_dataloader = test_dataloader = dict(
    **loader,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(**shared, datasets=[usa_val, asia_val], pipeline=test_pipeline, test_mode=True))

val_evaluator = test_evaluator = dict(type='TransferMetric')
