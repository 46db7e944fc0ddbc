"""SUM-L on EPIC-Kitchens-55. The released data set of it cannot run, so there is no number to compare with.

The pair file of this release keeps up to 30 clips per list; the second file says which one a segment takes.
"""
_base_ = './suml_r101_epic100-egoexo.py'
data_root = 'data/epic-55'
epic_val = dict(type='RecognitionDataset', ann_file='split/EPIC_val_action_labels.pkl', subset='val')
settings = dict(
    data_root=data_root,
    data_prefix=dict(frames='train_rgb_frames'),
    num_classes=dict(verb=125, noun=352),
    class_files=None,
    subset_files=None,
    datasets=[epic_val])
train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        pairs_file='pairs/epic_lemma_pairs.json',
        choices_file='pairs/0818_txt_pos_mining_2.txt',
        ego=dict(
            ann_file='split/EPIC_train_action_labels.pkl',
            data_prefix=dict(frames='train_rgb_frames'),
            num_classes=dict(verb=125, noun=352),
            class_files=None)))
val_dataloader = dict(dataset=settings)
test_dataloader = dict(dataset=settings)
model = dict(cls_head=dict(num_classes=dict(verb=125, noun=352)))
