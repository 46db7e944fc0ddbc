# The sentences of GeoImnet: caption, tags and description of each image. This file learns from usa and labels asia;
# what it is scored on are the true labels of asia, which are printed and choose nothing. No image is looked at.
data_root = 'data/geonet'
sentences = dict(type='GeoNetDataset', inputs='text', split='train')
usa_train = dict(**sentences, domain='usa')
asia_train = dict(**sentences, domain='asia')

shared = dict(type='ConcatSubsets', data_root=data_root, ann_file='metadata/geoimnet.json', on_bad='error')
loader = dict(num_workers=0, collate_fn=dict(type='collate_domains'))
train_dataloader = dict(
    **loader,
    batch_size=64,
    drop_last=True,
    sampler=dict(type='ClassBalancedSampler'),
    dataset=dict(**shared, datasets=[usa_train]))
val_dataloader = test_dataloader = dict(
    **loader,
    batch_size=256,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(**shared, datasets=[asia_train], test_mode=True))
val_evaluator = test_evaluator = dict(type='TransferMetric')

# Embeddings are made before the first step; after the last one the target's pseudo-labels are written beside the log.
custom_hooks = [dict(type='FitEncoderHook'), dict(type='PseudoLabelHook')]
