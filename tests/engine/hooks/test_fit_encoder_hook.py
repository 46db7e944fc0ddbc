from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.utils.data import Dataset
from transfer_support import write_ego2exo_root

from egoexo.datasets import ConcatSubsets, DomainPairDataset
from egoexo.engine.hooks import FitEncoderHook
from egoexo.engine.hooks.fit_encoder_hook import read_texts
from egoexo.errors import ConfigError


class Listener(nn.Module):
    def __init__(self):
        super().__init__()
        self.fitted, self.prepared = [], []

    def fit_texts(self, texts, labels, classes):
        self.fitted.append((texts, labels, classes))

    def prepare(self, texts):
        self.prepared.append(texts)


class Numbers(Dataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return dict(inputs=torch.zeros(3), data_samples=None)


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return write_ego2exo_root(tmp_path_factory.mktemp('ego2exo'), num_classes=3, per_class=2)


def sentences(root, *views, labels='true'):
    return ConcatSubsets([dict(type='SegmentTextDataset', view=view, labels=labels) for view in views],
                         data_root=str(root))


def runner(root, model, iteration=0, val='exo'):
    loader = SimpleNamespace(dataset=sentences(root, 'ego'))
    other = SimpleNamespace(dataloader=SimpleNamespace(dataset=sentences(root, val, labels='none'))) if val else None
    return SimpleNamespace(model=model, iter=iteration, train_dataloader=loader, val_loop=other, test_loop=other)


def test_model_gets_texts_labels_and_names(root):
    model = Listener()
    FitEncoderHook().before_train(runner(root, model))
    (texts, labels, classes), = model.fitted
    assert texts == [item['text'] for item in sentences(root, 'ego').datasets[0].data_list]
    assert labels == [0, 0, 1, 1, 2, 2]
    assert classes == ('Prepare onion', 'Prepare pan', 'Prepare milk')
    assert model.prepared == [read_texts(sentences(root, 'exo'))[0]]


def test_resumed_run_only_works_ahead(root):
    model = Listener()
    FitEncoderHook().before_train(runner(root, model, iteration=7))
    assert not model.fitted
    assert model.prepared == [read_texts(sentences(root, view))[0] for view in ('ego', 'exo')]


def test_no_validation_and_a_test(root):
    model = Listener()
    FitEncoderHook().before_train(runner(root, model, val=None))
    assert not model.prepared
    FitEncoderHook().before_test(runner(root, model))
    assert model.prepared == [read_texts(sentences(root, 'exo'))[0]]


def test_all_lists_are_read_in_order(root):
    texts, labels = read_texts(sentences(root, 'ego', 'exo'))
    assert (len(texts), len(labels)) == (12, 12)
    assert read_texts(sentences(root, 'ego', labels='none'))[1] == []
    pair = DomainPairDataset([dict(type='SegmentTextDataset', view='ego')],
                             [dict(type='SegmentTextDataset', view='exo', labels='none')], data_root=str(root))
    assert read_texts(pair) == (texts, [])


def test_data_and_models_without_texts(root):
    with pytest.raises(ConfigError, match='Numbers with FitEncoderHook: expected sentences as inputs, found Tensor'):
        read_texts(Numbers())
    with pytest.raises(ConfigError, match='a model of texts, such as TextClassifier, found Linear'):
        FitEncoderHook().before_train(runner(root, nn.Linear(1, 1)))
