"""Pseudo-labels for exo by KNNMatch: no training; `name='multi-qa-MiniLM-L6-cos-v1'` is the encoder of the paper."""
_base_ = [
    '../_base_/datasets/ego2exo_text.py',
    '../_base_/schedules/counting.py',
    '../_base_/default_runtime.py',
]
model = dict(type='KNNMatch', encoder=dict(type='HFTextEncoder', name='minilm'), num_classes='dataset')
train_dataloader = dict(drop_last=False, sampler=dict(_delete_=True, type='SeededSampler', shuffle=False))
