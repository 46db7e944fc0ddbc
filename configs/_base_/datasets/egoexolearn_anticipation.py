# EgoExoLearn action anticipation, every list of it; this file trains on ego. Settings that train on something else
# take their training lists from here; validation and test always score both views. A verb config says part='verb' in
# each dataloader's dataset.
data_root = 'data/egoexolearn'
anticipation_list = 'AnticipationDataset'
plain = dict(features='features/clip_5fps')
gazed = dict(features='features/clip_5fps_gaze')  # features of gaze-cropped video; exo has no gaze

ego_train = dict(type=anticipation_list, view='ego', split='train', data_prefix=plain)
ego_val = dict(type=anticipation_list, view='ego', split='val', data_prefix=plain)
# The tables name videos recorded without gaze too: one without a file is left out, said aloud.
ego_gaze_train = dict(
    type=anticipation_list, view='ego', split='train', gaze=True, data_prefix=gazed, missing_features='skip')
ego_gaze_val = dict(
    type=anticipation_list, view='ego', split='val', gaze=True, data_prefix=gazed, missing_features='skip')
exo_train = dict(type=anticipation_list, view='exo', split='train', data_prefix=plain)
exo_val = dict(type=anticipation_list, view='exo', split='val', data_prefix=plain)
# The test tables are not part of every copy of the annotations: a missing one is said aloud and left out.
ego_test = dict(type=anticipation_list, view='ego', split='test', data_prefix=plain, missing_list='skip')
ego_gaze_test = dict(
    type=anticipation_list, view='ego', split='test', gaze=True, data_prefix=gazed, missing_features='skip',
    missing_list='skip')
exo_test = dict(type=anticipation_list, view='exo', split='test', data_prefix=plain, missing_list='skip')

# What stands beside `datasets` goes to every list in it.
shared = dict(
    type='ConcatSubsets',
    data_root=data_root,
    part='noun',
    taxonomy_folder='annotations',
    feature=dict(dim=768),
    on_bad='error')
# A batch is one copy out of memory, which no worker process can beat.
loader = dict(num_workers=0, collate_fn=dict(type='collate_domains'))
train_dataloader = dict(
    **loader,
    batch_size=128,
    sampler=dict(type='SeededSampler', shuffle=True),
    dataset=dict(**shared, datasets=[ego_train]))
val_dataloader = dict(
    **loader,
    batch_size=512,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(**shared, datasets=[ego_val, exo_val], test_mode=True))
test_dataloader = dict(
    **loader,
    batch_size=512,
    sampler=dict(type='SeededSampler', shuffle=False),
    dataset=dict(**shared, datasets=[ego_val, exo_val, ego_test, exo_test], test_mode=True))

val_evaluator = dict(type='AnticipationMetric')
test_evaluator = dict(type='AnticipationMetric')

# After a test, the most probable classes of the first clips of each list: <work_dir>/<time>/vis_data/clips/.
custom_hooks = [dict(type='ClipVisualizationHook', visualizer='AnticipationVisualizer', num_samples=3)]
