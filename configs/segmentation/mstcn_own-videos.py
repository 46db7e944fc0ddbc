"""MS-TCN on your own videos: copy this file and set the three values; docs/your_own_videos.md goes through it."""
_base_ = [
    'egoexo::_base_/models/mstcn.py',
    'egoexo::_base_/datasets/folder_tas.py',
    'egoexo::_base_/schedules/adam_150e.py',
    'egoexo::_base_/default_runtime.py',
]
data_root = 'data/own'
num_classes = 9  # lines of classes.txt and 1 for background, the time that no segment covers
feature_dim = 1024  # "dim" in features/recipe.json

own = dict(dataset=dict(data_root=data_root, num_classes=num_classes, feature=dict(dim=feature_dim)))
train_dataloader = own
val_dataloader = own
test_dataloader = own
model = dict(
    backbone=dict(in_channels=feature_dim, num_classes=num_classes), head=dict(num_classes=num_classes, upsample=1))
default_hooks = dict(checkpoint=dict(save_best='val/Avg', rule='greater'))
