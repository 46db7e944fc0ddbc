"""Ego-Exo* on EgoExo-Mini: hands and touched objects are found beside the classes, from nothing."""
_base_ = './mini_slowfast_r50_epic100-ego.py'
model = dict(auxiliary_head=dict(type='InteractionMapHead', channels=128))
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
