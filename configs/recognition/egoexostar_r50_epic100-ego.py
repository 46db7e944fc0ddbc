"""Ego-Exo* R50 on EPIC-KITCHENS-100: hands and touched objects are found beside the classes.

Published: verb 66.77 / 90.30, noun 52.03 / 76.25. The released loader validates on random clips; this one does not.
"""
_base_ = './egoexo_r50_epic100-ego.py'
model = dict(
    auxiliary_head=dict(
        type='InteractionMapHead', loss=dict(type='InteractionMapLoss', hand_weight=3.0, object_weight=3.0)))
train_dataloader = dict(
    dataset=dict(
        interaction_maps='interaction_maps',
        pipeline=[
            {{_base_.sample_train}},
            {{_base_.load}},
            {{_base_.augment}},
            dict(type='LoadInteractionBoxes'),
            {{_base_.pack}},
        ]))
custom_hooks = [dict(type='RecognitionVisualizationHook')]
