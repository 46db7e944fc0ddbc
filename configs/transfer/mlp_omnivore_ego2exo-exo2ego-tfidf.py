"""LaGTran from exo to ego; its text classifier: TF-IDF instead of a network."""
_base_ = './mlp_omnivore_ego2exo-exo2ego-lagtran.py'
phases = dict(text=dict(config='configs/transfer/tfidf_text_ego2exo-exo.py'))
