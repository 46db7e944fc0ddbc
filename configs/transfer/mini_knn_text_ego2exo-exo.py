"""The same from exo to ego."""
_base_ = './mini_knn_text_ego2exo-ego.py'
train_dataloader = dict(dataset=dict(datasets=[{{_base_.exo_train}}]))
val_dataloader = test_dataloader = dict(dataset=dict(datasets=[{{_base_.ego_train}}]))
