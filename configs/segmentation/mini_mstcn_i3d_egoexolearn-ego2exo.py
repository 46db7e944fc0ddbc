"""MS-TCN trained on ego, chosen on exo val: the released transfer scripts, whose adaptation terms are all off."""
_base_ = './mini_mstcn_i3d_egoexolearn-ego.py'
default_hooks = dict(checkpoint=dict(save_best='exo_val/Avg'))
