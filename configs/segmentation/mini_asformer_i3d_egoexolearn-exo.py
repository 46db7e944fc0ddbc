"""The same on EgoExo-Mini, with a shorter schedule than MS-TCN: it learns in fewer epochs, each three times as long."""
_base_ = ['./mini_mstcn_i3d_egoexolearn-exo.py', '../_base_/models/asformer.py']
model = dict(backbone={{_base_.asformer}})
train_cfg = dict(max_epochs=20)
