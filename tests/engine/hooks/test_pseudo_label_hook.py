import logging
import math
from types import SimpleNamespace

import pytest
import torch
from mmengine.model import BaseModel
from reproducibility.ranks import run_ranks
from transfer_support import write_ego2exo_root

from egoexo.datasets import ConcatSubsets, SegmentTextDataset
from egoexo.engine.hooks import PseudoLabelHook
from egoexo.errors import AnnotationError, ConfigError, PredictionError
from egoexo.formats.pseudo_labels import read_pseudo_labels


class Lengths(BaseModel):
    """Class by the length of the text; fails in training mode."""

    def __init__(self, value=None):
        super().__init__()
        self.value = value

    def forward(self, inputs, data_samples=None, mode='tensor'):
        assert not self.training
        assert mode == 'predict'
        filled = []
        for text, sample in zip(inputs, data_samples, strict=True):
            copied = sample.new()
            copied.pred_class_logits = torch.tensor([0.0, 0.0, 0.0])
            copied.pred_class_logits[len(text) % 3] = math.log(2) if self.value is None else self.value
            filled.append(copied)
        return filled


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return write_ego2exo_root(tmp_path_factory.mktemp('ego2exo'), num_classes=3, per_class=3)


def target(root, **options):
    return dict(dict(type='SegmentTextDataset', view='exo', data_root=str(root)), **options)


def runner(folder, model=None, val=None):
    loop = None if val is None else SimpleNamespace(dataloader=SimpleNamespace(dataset=val))
    return SimpleNamespace(work_dir=str(folder), model=(model or Lengths()).train(), val_loop=loop,
                           logger=logging.getLogger('pseudo'))


def run(hook, runner):
    hook.before_train(runner)
    hook.after_train(runner)
    return hook


def test_rows_follow_the_list(root, tmp_path, caplog):
    where = runner(tmp_path)
    with caplog.at_level('INFO', 'pseudo'):
        run(PseudoLabelHook(target(root), batch_size=4, with_confidence=True), where)
    expected = SegmentTextDataset('exo', data_root=str(root))
    found = read_pseudo_labels(tmp_path / 'pseudo_labels.txt', num_classes=3)
    assert list(found.labels) == [int(item['sample_id']) for item in expected.data_list]
    assert list(found.labels.values()) == [len(item['text']) % 3 for item in expected.data_list]
    assert list(found.confidences.values()) == pytest.approx([0.5] * 9)
    right = sum(len(item['text']) % 3 == item['label'] for item in expected.data_list)
    assert f'9 pseudo-labels are in {tmp_path}/pseudo_labels.txt; mean confidence 0.50' in caplog.text
    assert 'pseudo-labels by class: Prepare ' in caplog.text
    assert f'{right} of 9 ({100 * right / 9:.2f} %) are the true labels; only printed' in caplog.text
    assert where.model.training


def test_labels_are_not_needed_and_no_confidence(root, tmp_path, caplog):
    with caplog.at_level('INFO', 'pseudo'):
        run(PseudoLabelHook(target(root, labels='none'), file='labels/ego_exo.txt'), runner(tmp_path))
    found = read_pseudo_labels(tmp_path / 'labels' / 'ego_exo.txt')
    assert (len(found.labels), found.confidences) == (9, {})
    assert 'true labels' not in caplog.text


def test_list_of_the_validation_is_the_default(root, tmp_path):
    val = ConcatSubsets([target(root, test_mode=True)])
    run(PseudoLabelHook(), runner(tmp_path, val=val))
    assert len(read_pseudo_labels(tmp_path / 'pseudo_labels.txt').labels) == 9


def test_classes_that_never_come(root, tmp_path, caplog):
    with caplog.at_level('INFO', 'pseudo'):
        run(PseudoLabelHook(target(root)), runner(tmp_path, Lengths(-1.0)))
    found = read_pseudo_labels(tmp_path / 'pseudo_labels.txt')
    assert set(found.labels.values()) <= {0, 1}  # the first one among equals
    assert '1 classes never' in caplog.text


@pytest.mark.parametrize('lists', [None, 2])
def test_no_list_or_several(root, tmp_path, lists):
    val = lists and ConcatSubsets([target(root), target(root, view='ego')])
    with pytest.raises(ConfigError, match=r'found None and (no validation|exo_train, ego_train)\. Name the list'):
        PseudoLabelHook().before_train(runner(tmp_path, val=val))


def test_wrong_list_is_found_before_the_training(root, tmp_path):
    with pytest.raises(AnnotationError, match='does not exist'):
        PseudoLabelHook(target(root, ann_file='nowhere.json')).before_train(runner(tmp_path))


def test_diverged_model_writes_nothing(root, tmp_path):
    with pytest.raises(PredictionError, match=r'expected finite logits, found NaN or Inf\. The training diverged'):
        run(PseudoLabelHook(target(root)), runner(tmp_path, Lengths(math.nan)))
    assert not list(tmp_path.iterdir())


def test_ids_are_numbers(root, tmp_path):
    hook = PseudoLabelHook(target(root))
    hook.before_train(runner(tmp_path))
    sample = hook._list.__getitems__([0])['data_samples'][0]
    sample.set_metainfo(dict(sample_id='P01_11_0'))
    hook._list.__dict__['_samples'][0] = sample
    with pytest.raises(PredictionError, match="a number as id, as files of pseudo-labels have, found 'P01_11_0'"):
        hook.after_train(runner(tmp_path))


def test_batch_size():
    with pytest.raises(ConfigError, match='batch_size: expected at least 1, found 0'):
        PseudoLabelHook(batch_size=0)


def label_on_rank(root, folder):
    torch.set_num_threads(1)
    run(PseudoLabelHook(target(root), batch_size=2), runner(folder))
    return len(root)


@pytest.mark.slow
def test_ranks_write_the_same_file(root, tmp_path):
    run(PseudoLabelHook(target(root)), runner(tmp_path / 'one'))
    for ranks in (2, 3):
        run_ranks(label_on_rank, ranks, tmp_path / f'exchange{ranks}', str(root), str(tmp_path / str(ranks)))
        assert (tmp_path / str(ranks) / 'pseudo_labels.txt').read_bytes() == (
            tmp_path / 'one' / 'pseudo_labels.txt').read_bytes()
