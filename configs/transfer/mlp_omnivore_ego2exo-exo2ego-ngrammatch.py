"""The vision phase from exo to ego on other labels. Class name nearest to an n-gram. Published: 15.46."""
_base_ = './mlp_omnivore_ego2exo-exo2ego-lagtran.py'
phases = dict(text=dict(config='configs/transfer/ngrammatch_text_ego2exo-exo.py'))
