"""Ego-Exo* R50 on EPIC-Kitchens-55. Published: verb 66.43 / 89.16, noun 49.79 / 71.6."""
_base_ = './egoexo_r50_epic55-ego.py'
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
