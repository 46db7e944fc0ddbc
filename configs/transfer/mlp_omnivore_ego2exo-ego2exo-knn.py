"""The vision phase from ego to exo on other labels. Nearest source sentences."""
_base_ = './mlp_omnivore_ego2exo-ego2exo-lagtran.py'
phases = dict(text=dict(config='configs/transfer/knn_text_ego2exo-ego.py'))
