"""ASFormer trained on gaze-cropped ego, chosen on exo val, without adaptation."""
_base_ = ['./mstcn_i3d_egoexolearn-ego2exo-gaze.py', '../_base_/models/asformer.py']
model = dict(backbone={{_base_.asformer}})
