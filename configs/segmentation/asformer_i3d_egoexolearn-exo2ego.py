"""ASFormer trained on exo, chosen on ego val, without adaptation."""
_base_ = ['./mstcn_i3d_egoexolearn-exo2ego.py', '../_base_/models/asformer.py']
model = dict(backbone={{_base_.asformer}})
