"""LaGTran from ego to exo; its text classifier: TF-IDF instead of a network."""
_base_ = './mini_mlp_omnivore_ego2exo-ego2exo-lagtran.py'
phases = dict(text=dict(config='configs/transfer/mini_tfidf_text_ego2exo-ego.py'))
