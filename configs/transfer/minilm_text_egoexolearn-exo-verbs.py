"""Verb groups of the exo narrations of EgoExoLearn: sentences with exactly one of the 125 groups."""
_base_ = './minilm_text_epic100-verb.py'
exo = dict(
    data_root='data/egoexolearn', ann_file='association_benchmark/annotations/exo_train.csv',
    class_file='annotations/narration_verb_taxonomy.csv', form='egoexolearn', several='drop', num_classes=125)
train_dataloader = dict(dataset=exo)
val_dataloader = test_dataloader = dict(dataset=exo)
