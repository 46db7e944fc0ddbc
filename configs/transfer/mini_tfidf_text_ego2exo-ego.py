"""Text phase from ego to exo: a linear classifier over TF-IDF of words and pairs of words; needs no network at all."""
_base_ = './mini_minilm_text_ego2exo-ego.py'
model = dict(
    encoder=dict(_delete_=True, type='TfidfEncoder', scale=8.0),
    head=dict(_delete_=True, type='LinearHead', feat_size='encoder', num_classes='dataset'))
# Adam learns rare words as fast as frequent ones and is worse here.
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='SGD', lr=1.0, momentum=0.9, nesterov=True))
