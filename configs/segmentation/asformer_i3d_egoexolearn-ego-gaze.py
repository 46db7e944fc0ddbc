"""ASFormer trained on ego with features of gaze-cropped video."""
_base_ = ['./mstcn_i3d_egoexolearn-ego-gaze.py', '../_base_/models/asformer.py']
model = dict(backbone={{_base_.asformer}})
