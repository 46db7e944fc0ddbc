"""Text phase from ego to exo: a linear classifier over TF-IDF of words and pairs of words; needs no network at all."""
_base_ = './minilm_text_ego2exo-ego.py'
model = dict(
    encoder=dict(_delete_=True, type='TfidfEncoder'),
    head=dict(_delete_=True, type='LinearHead', feat_size='encoder', num_classes='dataset'))
