"""SlowFast R101 8x8 as trained on EPIC-KITCHENS: one row from 32 frames over 64, 2048 slow and 256 fast channels.

Weights: a recogniser trained here (recognition/slowfast_r101_epic100-ego), or an official file of Ego-Exo after
tools/convert_checkpoint.py slowfast IN OUT, of SUM-L after tools/convert_checkpoint.py suml IN OUT, given with
--checkpoint FILE. Frames of 60 fps as in EPIC-KITCHENS.
"""
_base_ = ['./slowfast_r50_epic100.py']
extractor = dict(backbone=dict(depth=101, fusion_kernel=5))
