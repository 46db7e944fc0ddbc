"""ASFormer trained on exo, chosen and scored on gaze-cropped ego, without adaptation."""
_base_ = ['./mstcn_i3d_egoexolearn-exo2ego-gaze.py', '../_base_/models/asformer.py']
model = dict(backbone={{_base_.asformer}})
