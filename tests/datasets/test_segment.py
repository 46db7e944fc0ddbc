"""Lists of segments: items, labels, wrong options."""

import json
import pickle
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from transfer_support import change_ego2exo, write_ego2exo_root, write_true_pseudo_labels

from egoexo.datasets.segment import SegmentDataset
from egoexo.errors import AnnotationError, ConfigError, EgoExoError


class Numbered(SegmentDataset):
    """Its inputs are the places in the list."""

    def read_inputs(self, items: Sequence[Mapping[str, object]]) -> list[int]:
        return [item['number'] for item in items]


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ego2exo_root(tmp_path_factory.mktemp('ego2exo'))


def rows_of(root: Path, subset: str, part: str) -> list[dict]:
    return json.loads((root / 'metadata/ego2exo.json').read_text())[subset][part]


def test_items_and_samples(root: Path) -> None:
    dataset = Numbered('exo', data_root=str(root))
    official = rows_of(root, 'exo_train', 'metadata')
    assert (len(dataset), dataset.subset, len(dataset.videos)) == (48, 'exo_train', 4)
    assert dataset.metainfo['classes'][:2] == ('Prepare onion', 'Prepare pan')
    assert (dataset.metainfo['num_classes'], dataset.metainfo['benchmark']) == (6, 'transfer')
    batch = dataset.__getitems__([7, 0, 7])
    sample = batch['data_samples'][0]
    assert batch['inputs'] == [7, 0, 7]
    assert sample.metainfo == dict(
        sample_id=str(official[7]['segment_id']), uid=official[7]['take_uid'], subset='exo_train', view='exo',
        start_sec=official[7]['start_time'], end_sec=official[7]['end_time'], sample_idx=7)
    assert (sample.gt_label.shape, int(sample.gt_label)) == ((), 0)
    assert dataset[7]['data_samples'] is sample
    assert dataset[7]['inputs'] == 7


def test_test_means_val_and_its_samples_can_be_written_to(root: Path) -> None:
    dataset = Numbered('ego', 'test', data_root=str(root), test_mode=True)
    assert (dataset.subset, dataset.split) == ('ego_val', 'val')
    first, again = (dataset.__getitems__([3])['data_samples'][0] for _ in range(2))
    assert first is not again
    assert first.sample_id == again.sample_id
    assert int(first.gt_label) == 3


def test_labels_in_the_order_of_the_list(root: Path) -> None:
    labels = Numbered('ego', data_root=str(root)).labels
    assert labels.dtype == np.int64
    assert labels.tolist() == [row['category'] for row in rows_of(root, 'ego_train', 'annotations')]
    part = Numbered('ego', data_root=str(root), indices=[40, 3, 12])
    assert part.labels.tolist() == labels[[40, 3, 12]].tolist()
    assert part.__getitems__([0, 1])['inputs'] == [40, 3]
    assert [sample.sample_idx for sample in part.__getitems__([2])['data_samples']] == [12]


def test_lists_without_labels_do_not_have_them(root: Path) -> None:
    dataset = Numbered('exo', data_root=str(root), labels='none', shuffle_labels=0)
    assert 'gt_label' not in dataset[0]['data_samples']
    assert 'label' not in dataset.get_data_info(0)
    with pytest.raises(ConfigError, match=r'exo_train, labels: expected a list with labels, .* found labels=.none.'):
        _ = dataset.labels


def test_pseudo_labels_stand_in_for_the_true_ones(root: Path) -> None:
    path = write_true_pseudo_labels(root, 'exo_train', 'labels.txt')
    lines = path.read_text().splitlines()
    path.write_text('\n'.join([*lines[:40], *(line.split()[0] + ' 0' for line in lines[40:])]) + '\n')
    dataset = Numbered('exo', data_root=str(root), labels='pseudo', pseudo_labels='labels.txt')
    true = Numbered('exo', data_root=str(root)).labels
    assert dataset.labels[:40].tolist() == true[:40].tolist()
    assert dataset.labels[40:].tolist() == [0] * 8
    assert int(dataset[45]['data_samples'].gt_label) == 0


def test_sabotage_permutes_the_labels_and_keeps_their_numbers(root: Path, said: list[str]) -> None:
    path = write_true_pseudo_labels(root, 'exo_train')
    true = Numbered('exo', data_root=str(root)).labels
    for options in ({}, dict(labels='pseudo', pseudo_labels=str(path))):
        shuffled = Numbered('exo', data_root=str(root), shuffle_labels=3, **options).labels
        assert np.bincount(shuffled).tolist() == np.bincount(true).tolist()
        assert (shuffled == true).mean() < 0.5
        assert any('no model can learn' in line for line in said)


def test_takes_can_be_excluded(root: Path, said: list[str]) -> None:
    dataset = Numbered('exo', data_root=str(root), exclude=['train-take-1', 'train-take-3'])
    assert (len(dataset), dataset.videos) == (24, ['train-take-0', 'train-take-2'])
    assert 'exo_train: 24 of 48 segments excluded by take' in said


def test_the_file_is_read_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, opened = write_ego2exo_root(tmp_path, num_classes=2, per_class=4), []
    read = Numbered.read_file
    monkeypatch.setattr(Numbered, 'read_file', staticmethod(lambda path: opened.append(path) or read(path)))
    for view in ('ego', 'exo'):
        assert len(Numbered(view, 'val', data_root=str(root))) == 8
    assert len(opened) == 1
    rows = rows_of(root, 'ego_train', 'clips')
    rows[0]['feature_indices'] = [0] * 20
    change_ego2exo(root, ego_train=dict(clips=rows))
    assert len(Numbered('ego', data_root=str(root))) == 8
    assert len(opened) == 2


def test_samples_made_so_far_do_not_travel_to_workers(root: Path) -> None:
    dataset = Numbered('ego', data_root=str(root))
    assert dataset[0]['inputs'] == 0
    copy = pickle.loads(pickle.dumps(dataset))
    assert not copy._samples
    assert copy[5]['data_samples'].sample_id == dataset[5]['data_samples'].sample_id


@pytest.mark.parametrize(('options', 'kind', 'message'), [
    (dict(view='top'), ConfigError, "Numbered, view: expected 'ego' or 'exo', found 'top'"),
    (dict(split='dev'), ConfigError, "split: expected 'train' or 'val' or 'test', found 'dev'"),
    (dict(labels='noisy'), ConfigError, "labels: expected 'true' or 'pseudo' or 'none', found 'noisy'"),
    (dict(labels='pseudo'), ConfigError, "a file with labels='pseudo', none otherwise, found pseudo_labels=None with "),
    (dict(pseudo_labels='a.txt'), ConfigError, "found pseudo_labels='a.txt' with labels='true'"),
    (dict(min_confidence=0.5), ConfigError, "0 to 1, with labels='pseudo', found 0.5 with labels='true'"),
    (dict(labels='pseudo', pseudo_labels='a', min_confidence=50), ConfigError, "found 50 with labels='pseudo'"),
    (dict(labels='pseudo', pseudo_labels='a.txt'), AnnotationError, 'a.txt: expected a pseudo-label file, found no'),
    (dict(ann_file='metadata/none.json'), AnnotationError, 'none.json: expected an ego2exo.json, found no'),
])
def test_wrong_options(options: dict, kind: type[EgoExoError], message: str, root: Path) -> None:
    with pytest.raises(kind, match=re.escape(message)):
        Numbered(**dict(view='exo', data_root=str(root)) | options)


def test_an_empty_list_is_refused(tmp_path: Path) -> None:
    root = write_ego2exo_root(tmp_path, num_classes=2, per_class=4)
    change_ego2exo(root, ego_train={part: [] for part in ('clips', 'annotations', 'metadata', 'descriptions')})
    with pytest.raises(AnnotationError, match=r'ego2exo.json ego_train: expected at least one of its segments, found'):
        Numbered('ego', data_root=str(root))


@pytest.mark.parametrize(('part', 'change', 'message'), [
    ('annotations', dict(category=9), 'category: expected a class id from 0 to 1 with its name, found 9'),
    ('annotations', dict(class_name='Eat'), "found 0 with the name 'Eat'"),
    ('clips', dict(feature_file_name='../../etc/passwd'), 'a path below the data root'),
    ('clips', dict(feature_indices=[-1]), 'feature_indices: expected row numbers, 0 or more, found [-1]'),
])
def test_a_malformed_row_is_named(part: str, change: dict, message: str, tmp_path: Path) -> None:
    root = write_ego2exo_root(tmp_path, num_classes=2, per_class=4)
    rows = rows_of(root, 'ego_train', part)
    rows[0].update(change)
    change_ego2exo(root, ego_train={part: rows})
    with pytest.raises(AnnotationError, match=re.escape(message)):
        Numbered('ego', data_root=str(root))


def test_an_id_that_comes_twice_is_refused(tmp_path: Path) -> None:
    root = write_ego2exo_root(tmp_path, num_classes=2, per_class=4)
    rows = rows_of(root, 'ego_train', 'clips')
    change_ego2exo(root, ego_train=dict(clips=[*rows, rows[0]]))
    with pytest.raises(AnnotationError, match='expected each segment id once, found 1 repeated'):
        Numbered('ego', data_root=str(root))
