"""SlowFast R50 on EPIC-Kitchens-55, from Kinetics-400. Published: verb 64.05 / 88.49, noun 48.58 / 70.06."""
_base_ = [
    '../_base_/models/slowfast_r50.py',
    '../_base_/datasets/epic55_recognition.py',
    '../_base_/schedules/sgd_30e_recognition.py',
    '../_base_/default_runtime.py',
]
model = dict(
    cls_head=dict(num_classes=dict(verb=125, noun=352)),
    initial_weights=dict(ego='checkpoints/SLOWFAST_8x8_R50.pyth'))
optim_wrapper = dict(optimizer=dict(lr=0.01))
auto_scale_lr = dict(base_batch_size=64)
default_hooks = dict(checkpoint=dict(save_best='val/all_action_accuracy_at_1', rule='greater'))
custom_hooks = [dict(type='PreciseBNHook', num_batches=200), dict(type='RecognitionVisualizationHook')]
