"""The weights of the released script that chooses the gaze model on ego: a stronger relation branch."""
_base_ = './trn_clip_egoexolearn-ego2exo-ta3n-gaze.py'
model = dict(adaptation=dict(beta=[2.5, 0.75, 0.5]))
default_hooks = dict(checkpoint=dict(save_best='ego_gaze_val/1-AUED'))
