from pathlib import Path

import numpy as np
import pytest
import torch
from geonet_support import COLOURS, write_geonet_root

from egoexo.datasets import DomainPairDataset
from egoexo.datasets.geonet import GeoNetDataset
from egoexo.datasets.labelled_list import read_once
from egoexo.datasets.samplers import SeededIndex
from egoexo.errors import AnnotationError, ConfigError, DataError
from egoexo.registry import DATASETS

TRAIN = [dict(type='LoadPicture'), dict(type='ResizeShortSide', size=24), dict(type='RandomResizedCropFrames', size=16),
         dict(type='FlipFrames'), dict(type='PackFrames')]
TEST = [dict(type='LoadPicture'), dict(type='ResizeShortSide', size=24), dict(type='CenterCropFrames', size=16),
        dict(type='PackFrames')]


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_geonet_root(tmp_path_factory.mktemp('geonet'), per_class=3)


def config(root: Path, **options: object) -> dict:
    return dict(type='GeoNetDataset', domain='usa', data_root=str(root), ann_file='metadata/geoimnet.json') | options


def build(root: Path, **options: object) -> GeoNetDataset:
    return DATASETS.build(config(root, **options))


@pytest.mark.parametrize('pipeline', [TRAIN, TEST])
def test_a_picture_of_each_class(root: Path, pipeline: list) -> None:
    dataset = build(root, pipeline=pipeline)
    assert len(dataset) == 18 and dataset.metainfo['classes'][2] == 'lake' and dataset.metainfo['num_classes'] == 6
    np.testing.assert_array_equal(dataset.labels, np.repeat(np.arange(6), 3))
    for index in range(0, 18, 3):
        sample = dataset[index]
        assert sample['inputs'].shape == (3, 16, 16) and sample['inputs'].dtype == torch.uint8
        assert sample['data_samples'].gt_label == index // 3
        np.testing.assert_allclose(sample['inputs'].float().mean((1, 2)), COLOURS[index // 3], atol=8)
    assert sample['data_samples'].metainfo == dict(
        sample_id=sample['data_samples'].uid, uid='1000000112', subset='usa_train', view='usa', sample_idx=15)


def test_an_index_with_a_seed_draws_the_same_crop(root: Path) -> None:
    dataset = build(root, pipeline=TRAIN)
    first, again, other = (dataset[SeededIndex(4, (seed, 0, 4))]['inputs'] for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize('split', ['val', 'test'])
def test_the_test_list_is_called_val(root: Path, split: str) -> None:
    dataset = build(root, domain='asia', split=split)
    assert dataset.subset == 'asia_val'
    assert dataset.get_data_info(0)['picture_path'] == str(root / 'images/asia/tower/1000000385.jpg')


def test_text_looks_at_no_picture(tmp_path: Path) -> None:
    root = write_geonet_root(tmp_path / 'geonet', per_class=1)
    for path in root.rglob('*.jpg'):
        path.unlink()
    dataset = build(root, inputs='text', domain='asia')
    batch = dataset.__getitems__([1, 0])
    assert batch['inputs'] == ['The forest forest asia NULL', 'The tower tower asia NULL']
    assert [int(sample.gt_label) for sample in batch['data_samples']] == [1, 0]
    assert build(root, inputs='text', text_field='caption')[5]['inputs'] == 'The temple'


def test_pseudo_labels(root: Path, tmp_path: Path, said: list[str]) -> None:
    ids = [int(build(root, check_files=False).get_data_info(index)['sample_id']) for index in range(18)]
    (tmp_path / 'labels.txt').write_text(''.join(f'{key} {(n + 1) % 6} 0.{n:02d}\n' for n, key in enumerate(ids)))
    options = dict(labels='pseudo', pseudo_labels=str(tmp_path / 'labels.txt'))
    assert build(root, **options).labels.tolist() == [(n + 1) % 6 for n in range(18)]
    sure = build(root, **options, min_confidence=0.1, exclude=[ids[-1]])
    assert sure.labels.tolist() == [(n + 1) % 6 for n in range(10, 17)]
    assert 'usa_train: 1 of 8 images excluded by id' in said
    assert 'usa_train: 7 images of ' + str(root / 'metadata/geoimnet.json') + ', labels: pseudo' in said
    # As given, or below data_root.
    released = build(root, labels='pseudo', pseudo_labels='pseudo_labels/geoimnet_asia_usa.txt')
    assert released.labels.tolist() == build(root).labels.tolist()
    with pytest.raises(AnnotationError, match='18 missing ids, 18 extra ids'):
        build(root, labels='pseudo', pseudo_labels='pseudo_labels/geoimnet_usa_asia.txt')


def test_without_labels(root: Path) -> None:
    dataset = build(root, labels='none', pipeline=TEST)
    assert 'gt_label' not in dataset[0]['data_samples']
    with pytest.raises(ConfigError, match="usa_train, labels: expected a list with labels, .* found labels='none'"):
        _ = dataset.labels


def test_missing_and_damaged_pictures_are_counted(tmp_path: Path) -> None:
    root = write_geonet_root(tmp_path / 'geonet', per_class=1)
    paths = sorted((root / 'images/usa').rglob('*.jpg'))
    first = build(root).get_data_info(0)['picture_path']
    Path(first).unlink()
    with pytest.raises(DataError, match=r'1 of 6 samples of GeoNetDataset usa_train .*\n  1000000007: no file'):
        build(root)
    dataset = build(root, on_bad='skip', pipeline=TEST)
    assert len(dataset) == 5 and dataset.num_listed == 6 and list(dataset.unusable) == ['1000000007']
    damaged = Path(dataset.get_data_info(2)['picture_path'])
    damaged.write_bytes(damaged.read_bytes()[:300])
    assert str(damaged) in {str(path) for path in paths}
    with pytest.raises(DataError, match=r"sample '1000000028' of GeoNetDataset .*data .* be decoded \(OSError"):
        _ = dataset[2]
    reports = [dataset.inspect_sample(dataset.get_data_info(index), full=True) for index in range(5)]
    assert [bool(report.problems) for report in reports] == [False, False, True, False, False]
    assert reports[0].facts == dict(height=40, width=48)
    assert len(build(root, check_files=False)) == 6


def test_long_lists_are_packed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('egoexo.datasets.base._MIN_PACKED', 10)
    dataset = build(root, pipeline=TEST)
    assert dataset.serialize_data and not dataset.data_list
    assert dataset.labels.tolist() == np.repeat(np.arange(6), 3).tolist()
    assert dataset[17]['data_samples'].gt_label == 5


def test_source_and_target_share_one_reading_of_the_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_once.cache_clear()
    read = []
    once = GeoNetDataset.read_file
    monkeypatch.setattr(GeoNetDataset, 'read_file', staticmethod(lambda path: read.append(path) or once(path)))
    shared = config(root, pipeline=TEST)
    pair = DomainPairDataset([shared], [shared | dict(domain='asia')])
    batch = pair.__getitems__([0, 20])
    assert [batch[name]['data_samples'][0].view for name in ('source', 'target')] == ['usa', 'asia']
    assert len(read) == 1


@pytest.mark.parametrize(('options', 'error', 'message'), [
    (dict(split='all'), ConfigError, "GeoNetDataset, split: expected 'train' or 'val' or 'test', found 'all'"),
    (dict(inputs='sound'), ConfigError, "inputs: expected 'image' or 'text'"),
    (dict(labels='pseudo'), ConfigError, "expected a file with labels='pseudo', none otherwise"),
    (dict(min_confidence=0.5), ConfigError, "min_confidence: expected 0 to 1, with labels='pseudo', found 0.5 with"),
    (dict(domain='europe'), AnnotationError, r"expected the list europe_train, found the lists \['asia_test'"),
    (dict(domain='europe', split='val'), AnnotationError, 'expected the list europe_test'),
    (dict(ann_file='metadata/none.json'), AnnotationError, 'none.json: expected the metadata of an image set, found'),
])
def test_refusals(root: Path, options: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        build(root, **options)
