"""MS-TCN trained on exo, chosen and scored on gaze-cropped ego, without adaptation as released."""
_base_ = './mini_mstcn_i3d_egoexolearn-ego-gaze.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.exo_train}}]))
