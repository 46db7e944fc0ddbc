"""Text phase from ego to exo: a linear classifier over TF-IDF of words and pairs of words; needs no network at all."""
_base_ = './minilm_text_ego2exo-ego.py'
model = dict(
    encoder=dict(_delete_=True, type='TfidfEncoder', scale=8.0),
    head=dict(_delete_=True, type='LinearHead', feat_size='encoder', num_classes='dataset'))
# Chosen among seven settings on narrations of EPIC-Kitchens-100: README.md.
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='SGD', lr=1.0, momentum=0.9, nesterov=True))
