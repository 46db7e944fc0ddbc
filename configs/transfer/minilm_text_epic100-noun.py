"""Nouns of EPIC-Kitchens-100 narrations."""
_base_ = './minilm_text_epic100-verb.py'
noun = dict(class_file='EPIC_100_noun_classes_v2.csv', part='noun', num_classes=300)
train_dataloader = dict(dataset=noun)
val_dataloader = test_dataloader = dict(dataset=noun)
