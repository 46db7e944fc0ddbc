"""SlowFast R50 on EPIC-KITCHENS-100, from Kinetics-400. Published: verb 66.02 / 90.13, noun 50.51 / 75.02."""
_base_ = [
    '../_base_/models/slowfast_r50.py',
    '../_base_/datasets/epic100_recognition.py',
    '../_base_/schedules/sgd_30e_recognition.py',
    '../_base_/default_runtime.py',
]
model = dict(initial_weights=dict(ego='checkpoints/SLOWFAST_8x8_R50.pyth'))
default_hooks = dict(checkpoint=dict(save_best='val/all_action_accuracy_at_1', rule='greater'))
custom_hooks = [dict(type='PreciseBNHook', num_batches=200), dict(type='RecognitionVisualizationHook')]
