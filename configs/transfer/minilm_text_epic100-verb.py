"""Verbs of EPIC-Kitchens-100 narrations: the text phase on real sentences, without any licence to sign."""
_base_ = [
    '../_base_/models/text_mlp.py',
    '../_base_/datasets/narrations.py',
    '../_base_/schedules/text_3k.py',
    '../_base_/iter_runtime.py',
]
