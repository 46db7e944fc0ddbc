"""ASFormer co-trained on gaze-cropped ego and whole-frame exo."""
_base_ = ['./mstcn_i3d_egoexolearn-egoexo-gaze.py', '../_base_/models/asformer.py']
model = dict(backbone={{_base_.asformer}})
