"""The third-person teacher of SUM-L: verbs and nouns of LEMMA. No config and no number of it was released."""
_base_ = [
    '../_base_/models/slowfast_r101.py', '../_base_/datasets/lemma.py', '../_base_/schedules/sgd_30e_recognition.py',
    '../_base_/default_runtime.py'
]
model = dict(
    cls_head=dict(num_classes=dict(verb=25, noun=64), pool='global', activation='sigmoid'),
    initial_weights=dict(ego='checkpoints/Ego_Exo_SLOWFAST_8x8_R101.pyth'))
# The name of the released checkpoint says 8 GPUs, 128 clips, 50 epochs.
param_scheduler = dict(milestones=[35, 45])
train_cfg = dict(max_epochs=50)
val_cfg = None
test_cfg = None
custom_hooks = []
