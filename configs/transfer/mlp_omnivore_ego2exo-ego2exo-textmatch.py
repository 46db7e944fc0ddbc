"""The vision phase from ego to exo on other labels. Nearest class name. Published: 10.36."""
_base_ = './mlp_omnivore_ego2exo-ego2exo-lagtran.py'
phases = dict(text=dict(config='configs/transfer/textmatch_text_ego2exo-ego.py'))
