# EPIC-Kitchens-55, split by video as TBN does: 26,074 segments to train on, 2,398 to validate; 125 verbs, 352 nouns.
_base_ = './epic100_recognition.py'
data_root = 'data/epic-55'
segments = 'RecognitionDataset'
epic_train = dict(type=segments, ann_file='split/EPIC_train_action_labels.pkl', subset='train')
epic_val = dict(type=segments, ann_file='split/EPIC_val_action_labels.pkl', subset='val')
# The release has no tables of class names and no subsets.
shared = dict(
    data_root=data_root,
    data_prefix=dict(frames='train_rgb_frames'),
    num_classes=dict(verb=125, noun=352),
    class_files=None,
    subset_files=None)
# Per GPU; the published batches are 8 GPUs x 8.
train_dataloader = dict(dataset=dict(**shared, datasets=[epic_train]))
val_dataloader = dict(dataset=dict(**shared, datasets=[epic_val]))
test_dataloader = dict(dataset=dict(**shared, datasets=[epic_val]))
