"""The vision phase from exo to ego on other labels. Nearest class name. Published: 13.57."""
_base_ = './mlp_omnivore_ego2exo-exo2ego-lagtran.py'
phases = dict(text=dict(config='configs/transfer/textmatch_text_ego2exo-exo.py'))
