# Ego2Exo with pooled Omnivore features; this file trains on ego. Settings that train on something else take their lists
# from here; both views are always scored. Validation and test are one list, as published. In each training list the
# segments are sorted by class, so a target must be shuffled: PairedBatchSampler does.
data_root = 'data/ego2exo'
segments = 'TransferDataset'
ego_train = dict(type=segments, view='ego', split='train')
exo_train = dict(type=segments, view='exo', split='train')
ego_val = dict(type=segments, view='ego', split='val')
exo_val = dict(type=segments, view='exo', split='val')

# The target of a transfer: a baseline takes no labels, LaGTran those of a file, an upper bound the true ones.
# 'phase:text' is the file that the text phase of the config writes.
ego_unlabelled = dict(type=segments, view='ego', split='train', labels='none')
exo_unlabelled = dict(type=segments, view='exo', split='train', labels='none')
ego_pseudo = dict(type=segments, view='ego', split='train', labels='pseudo', pseudo_labels='phase:text')
exo_pseudo = dict(type=segments, view='exo', split='train', labels='pseudo', pseudo_labels='phase:text')
pairs = dict(type='PairedBatchSampler', epoch='endless', target_batch_size=64)

# What stands beside `datasets` goes to every list in it.
shared = dict(
    type='ConcatSubsets',
    data_root=data_root,
    ann_file='metadata/ego2exo.json',
    feature=dict(dim=1536),
    on_bad='error')
# A batch is one copy out of memory, which no worker process can beat.
loader = dict(num_workers=0, collate_fn=dict(type='collate_domains'))
train_dataloader = dict(
    **loader,
    batch_size=64,
    drop_last=True,
    sampler=dict(type='ClassBalancedSampler'),
    dataset=dict(**shared, datasets=[ego_train]))
val_dataloader = test_dataloader = dict(
    **loader,
    batch_size=512,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(**shared, datasets=[ego_val, exo_val], test_mode=True))

val_evaluator = dict(type='TransferMetric')
test_evaluator = dict(type='TransferMetric', protocols='all')

# After a test, the most probable classes of the first segments of each list: <work_dir>/<time>/vis_data/clips/.
custom_hooks = [dict(type='ClipVisualizationHook', visualizer='TransferVisualizer', num_samples=3)]
