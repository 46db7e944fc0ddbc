"""LaGTran from exo to ego; its text classifier: DistilBERT, fine-tuned, as published; needs its weights."""
_base_ = './mlp_omnivore_ego2exo-exo2ego-lagtran.py'
phases = dict(text=dict(config='configs/transfer/distilbert_text_ego2exo-exo.py'))
