"""ASFormer trained on exo; both views and both splits are scored."""
_base_ = ['./mstcn_i3d_egoexolearn-exo.py', '../_base_/models/asformer.py']
model = dict(backbone={{_base_.asformer}})
