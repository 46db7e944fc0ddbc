# The sentences of Ego2Exo; this file learns from ego and labels exo. What it is scored on are the true labels of exo,
# which are printed and choose nothing.
data_root = 'data/ego2exo'
sentences = 'SegmentTextDataset'
ego_train = dict(type=sentences, view='ego', split='train')
exo_train = dict(type=sentences, view='exo', split='train')

shared = dict(type='ConcatSubsets', data_root=data_root, ann_file='metadata/ego2exo.json', on_bad='error')
loader = dict(num_workers=0, collate_fn=dict(type='collate_domains'))
train_dataloader = dict(
    **loader,
    batch_size=64,
    drop_last=True,
    sampler=dict(type='ClassBalancedSampler'),
    dataset=dict(**shared, datasets=[ego_train]))
val_dataloader = test_dataloader = dict(
    **loader,
    batch_size=256,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(**shared, datasets=[exo_train], test_mode=True))
val_evaluator = test_evaluator = dict(type='TransferMetric')

# Embeddings are made before the first step; after the last one the target's pseudo-labels are written beside the log.
custom_hooks = [dict(type='FitEncoderHook'), dict(type='PseudoLabelHook')]
