"""ASFormer trained on ego; both views and both splits are scored."""
_base_ = ['./mstcn_i3d_egoexolearn-ego.py', '../_base_/models/asformer.py']
model = dict(backbone={{_base_.asformer}})
