"""SlowFast R50 with pixels resized as bytes in the loader: faster, other digits; speed/results says how much."""
_base_ = './slowfast_r50_epic100-ego.py'
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            {{_base_.sample_train}},
            {{_base_.load}},
            {{_base_.augment}},
            dict(type='ResizeClipUint8'),
            {{_base_.pack}},
        ]))
