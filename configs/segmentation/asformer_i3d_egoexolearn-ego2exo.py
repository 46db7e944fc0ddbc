"""ASFormer trained on ego, chosen on exo val, without adaptation."""
_base_ = ['./mstcn_i3d_egoexolearn-ego2exo.py', '../_base_/models/asformer.py']
model = dict(backbone={{_base_.asformer}})
