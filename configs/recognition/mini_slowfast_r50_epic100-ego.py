"""SlowFast on EgoExo-Mini: the layers of R50 with a quarter of their channels, 8 frames of 56 pixels, from nothing.

Validated once, behind the last epoch: the validation list is the one that is reported, so nothing is chosen on it.
"""
_base_ = './slowfast_r50_epic100-ego.py'
data_root = 'data/mini/epic'
num_classes = dict(verb=19, noun=26)
# Six frames of 50 per second apart. Left and right are told apart here, so clips are not mirrored.
sample_train = dict(type='SampleClips', clip_len=8, frame_interval=6, mode='train')
sample_test = dict(type='SampleClips', clip_len=8, frame_interval=6, mode='test', num_views=3)
load = dict(type='LoadClipFrames', channel_order='bgr')
augment = dict(type='RandomScaleCropFlip', scale=(64, 72), size=56, flip=0)
pack = dict(type='PackClip')
train_pipeline = [sample_train, load, augment, pack]
test_pipeline = [sample_test, load, dict(type='CenterCropClip', size=56, short_side=64), pack]
files = dict(data_root=data_root, data_prefix=dict(frames='rgb_frames'), num_classes=num_classes)
loader = dict(num_workers=0, persistent_workers=False, pin_memory=False, batch_size=16)
train_dataloader = dict(**loader, dataset=dict(**files, pipeline=train_pipeline))
val_dataloader = dict(**loader, dataset=dict(**files, pipeline=test_pipeline))
test_dataloader = dict(**loader, dataset=dict(**files, pipeline=test_pipeline))
model = dict(
    backbone=dict(base_channels=16),
    cls_head=dict(num_classes=num_classes, pool='global'),
    views_per_forward=24,
    initial_weights=None)
optim_wrapper = dict(optimizer=dict(lr=0.05))
param_scheduler = dict(
    _delete_=True, type='WarmupCosineLR', warmup=1, start_factor=0.04, by_epoch=True, convert_to_iter_based=True)
train_cfg = dict(max_epochs=10, val_interval=10)
default_hooks = dict(logger=dict(interval=10))
custom_hooks = [dict(type='RecognitionVisualizationHook')]
