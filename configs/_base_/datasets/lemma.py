# LEMMA, third-person view: clips with several verbs (25) and nouns (64) each, for the teacher of SUM-L. The released
# code names the lists 1tpv_train and so on, which LEMMA itself does not have: make them out of its splits, a JSON list
# of names of videos each. Every segment is listed three times, as released. mode='test' lists every fourth frame.
data_root = 'data/lemma'
train_pipeline = [
    dict(type='LoadClipFrames', channel_order='bgr'),
    dict(type='RandomScaleCropFlip', scale=(256, 320), size=224),
    dict(type='PCALighting', std=0.1),
    dict(type='PackClip', normalize_first=False, swap_channels=True),
]
lemma_train = dict(type='LemmaDataset', split='1tpv_train', mode='train', subset='tpv_train')
# What stands beside `datasets` goes to every list in it.
shared = dict(type='ConcatSubsets', data_root=data_root, clip_len=32, frame_interval=2, on_bad='error')
loader = dict(num_workers=8, persistent_workers=True, pin_memory=True, collate_fn=dict(type='collate_clips'))
# Per GPU, of 8.
train_dataloader = dict(
    **loader,
    batch_size=16,
    drop_last=True,
    sampler=dict(type='SeededSampler', shuffle=True),
    dataset=dict(**shared, datasets=[lemma_train], pipeline=train_pipeline))
