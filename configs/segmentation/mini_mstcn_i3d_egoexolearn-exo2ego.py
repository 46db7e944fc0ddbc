"""MS-TCN trained on exo, chosen on ego val: the released transfer scripts, whose adaptation terms are all off."""
_base_ = './mini_mstcn_i3d_egoexolearn-exo.py'
default_hooks = dict(checkpoint=dict(save_best='ego_val/Avg'))
