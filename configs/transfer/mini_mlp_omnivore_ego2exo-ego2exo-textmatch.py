"""The vision phase from ego to exo on other labels. Nearest class name."""
_base_ = './mini_mlp_omnivore_ego2exo-ego2exo-lagtran.py'
phases = dict(text=dict(config='configs/transfer/mini_textmatch_text_ego2exo-ego.py'))
