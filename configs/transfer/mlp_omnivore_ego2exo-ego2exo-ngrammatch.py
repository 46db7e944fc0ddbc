"""The vision phase from ego to exo on other labels. Class name nearest to an n-gram. Published: 11.50."""
_base_ = './mlp_omnivore_ego2exo-ego2exo-lagtran.py'
phases = dict(text=dict(config='configs/transfer/ngrammatch_text_ego2exo-ego.py'))
