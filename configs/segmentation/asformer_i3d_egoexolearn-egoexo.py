"""ASFormer co-trained on ego and exo; the best checkpoint of each view is kept."""
_base_ = ['./mstcn_i3d_egoexolearn-egoexo.py', '../_base_/models/asformer.py']
model = dict(backbone={{_base_.asformer}})
