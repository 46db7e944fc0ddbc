"""The vision phase from exo to ego on other labels. Class name nearest to an n-gram."""
_base_ = './mini_mlp_omnivore_ego2exo-exo2ego-lagtran.py'
phases = dict(text=dict(config='configs/transfer/mini_ngrammatch_text_ego2exo-exo.py'))
