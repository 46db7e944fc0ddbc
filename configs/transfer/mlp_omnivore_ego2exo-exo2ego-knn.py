"""The vision phase from exo to ego on other labels. Nearest source sentences."""
_base_ = './mlp_omnivore_ego2exo-exo2ego-lagtran.py'
phases = dict(text=dict(config='configs/transfer/knn_text_ego2exo-exo.py'))
