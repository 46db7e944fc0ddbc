"""Segments as pooled features, and every way in which their files can be wrong."""

import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transfer_support import ROWS_PER_SEGMENT, change_ego2exo, write_ego2exo_root

from egoexo.datasets.concat import ConcatSubsets
from egoexo.datasets.transfer import TransferDataset
from egoexo.errors import DataError, FeatureError

DIM = 16
TAKE = 'features/omnivore_video/train-take-1_aria01_rgb.pt'  # 12 of the 48 segments of ego_train


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_ego2exo_root(tmp_path / 'ego2exo')


def build(root: Path, view: str = 'ego', split: str = 'train', **options: object) -> TransferDataset:
    return TransferDataset(view, split, **dict(data_root=str(root), feature=dict(dim=DIM)) | options)


def means(root: Path, subset: str) -> np.ndarray:
    clips = json.loads((root / 'metadata/ego2exo.json').read_text())[subset]['clips']
    return np.stack([torch.load(root / clip['feature_file_name'], weights_only=True)[clip['feature_indices']].mean(
        dim=0).squeeze().numpy() for clip in clips])


def test_a_batch_is_the_means_of_the_windows(root: Path) -> None:
    dataset = build(root, 'exo')
    places = [41, 3, 3, 0, 17]
    batch = dataset.__getitems__(places)
    assert (batch['inputs'].dtype, batch['inputs'].shape) == (torch.float32, (5, DIM))
    np.testing.assert_array_equal(batch['inputs'].numpy(), means(root, 'exo_train')[places])
    assert [int(sample.gt_label) for sample in batch['data_samples']] == dataset.labels[places].tolist()
    assert torch.equal(dataset[17]['inputs'], batch['inputs'][4])
    batch['inputs'].zero_()  # the caller's own
    assert dataset[0]['inputs'].abs().sum() > 0


def test_part_of_a_list_keeps_its_own_features(root: Path) -> None:
    part = build(root, indices=[30, 2, 7])
    np.testing.assert_array_equal(part.__getitems__([0, 1, 2])['inputs'].numpy(), means(root, 'ego_train')[[30, 2, 7]])
    np.testing.assert_array_equal(part.get_subset([2])[0]['inputs'].numpy(), means(root, 'ego_train')[7])


def test_both_views_of_a_split_in_one_batch(root: Path, said: list[str]) -> None:
    lists = [dict(type='TransferDataset', view=view, split='val') for view in ('ego', 'exo')]
    dataset = ConcatSubsets(lists, data_root=str(root), feature=dict(dim=DIM), test_mode=True)
    batch = dataset.__getitems__([50, 2, 95])
    expected = np.concatenate([means(root, 'ego_val'), means(root, 'exo_val')])[[50, 2, 95]]
    np.testing.assert_array_equal(batch['inputs'].numpy(), expected)
    assert [sample.subset for sample in batch['data_samples']] == ['exo_val', 'ego_val', 'exo_val']
    assert batch['data_samples'][0].sample_id == batch['data_samples'][1].sample_id  # one segment, two cameras
    assert dataset.labels.tolist() == [*range(6)] * 16
    assert said[-1] == ('ego_val, exo_val share 2 of 2 videos, as published: they differ in the segments or the '
                        'camera.')


def test_the_made_features_can_be_learnt_and_do_not_carry_over(root: Path) -> None:
    ego, exo, val = build(root), build(root, 'exo'), build(root, 'exo', 'val')

    def nearest_centre(source: TransferDataset) -> float:
        centres = torch.stack([source.features[source.labels == label].mean(dim=0) for label in range(6)])
        return float((torch.cdist(val.features, centres).argmin(dim=1).numpy() == val.labels).mean())

    assert nearest_centre(exo) > 0.95
    assert nearest_centre(exo) > nearest_centre(ego) > 0.3


def test_features_travel_to_workers(root: Path) -> None:
    dataset = build(root)
    copy = pickle.loads(pickle.dumps(dataset))
    assert torch.equal(copy.__getitems__([4, 5])['inputs'], dataset.__getitems__([4, 5])['inputs'])


def test_cached_lists(root: Path, tmp_path: Path, said: list[str]) -> None:
    options = dict(feature=dict(dim=DIM, cache_dir=str(tmp_path / 'cache')))
    first, again = build(root, **options), build(root, **options)
    assert torch.equal(first.features, again.features)
    assert any('read from' in line for line in said)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:300])


def _spoil(number: float) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        rows = torch.load(path, weights_only=True)
        rows[ROWS_PER_SEGMENT] = number
        torch.save(rows, path)

    return spoil


FAULTS = [
    pytest.param(lambda path: path.unlink(), 12, 'expected features of train-take-1_aria01_rgb', id='missing'),
    pytest.param(_cut, 12, 'train-take-1_aria01_rgb.pt: expected ', id='truncated'),
    pytest.param(lambda path: path.write_bytes(b''), 12, 'found 0 bytes', id='empty'),
    pytest.param(lambda path: torch.save(torch.zeros(36, 1, 8), path), 12,
                 'expected shape (T, 16), found (36, 1, 8)', id='width'),
    pytest.param(lambda path: torch.save(torch.zeros(16, 36), path), 12, 'which looks transposed', id='transposed'),
    pytest.param(lambda path: torch.save(dict(x=torch.zeros(36, 1, 16)), path), 12, 'found a dict', id='dict'),
    pytest.param(lambda path: torch.save(torch.zeros(36, 1, 16, dtype=torch.int64), path), 12, 'found int64',
                 id='integers'),
    pytest.param(_spoil(float('nan')), 1, 'found NaN or Inf in row 3', id='nan'),
    pytest.param(_spoil(float('-inf')), 1, 'found NaN or Inf in row 3', id='inf'),
]


@pytest.mark.parametrize(('damage', 'count', 'message'), FAULTS)
def test_faulty_files(damage: Callable[[Path], None], count: int, message: str, root: Path, said: list[str]) -> None:
    damage(root / TAKE)
    with pytest.raises(DataError) as raised:
        build(root)
    text = str(raised.value)
    assert text.startswith(f'{count} of 48 segments of TransferDataset ego_train (')
    assert 'cannot be used, for 1 reasons:' in text
    assert message in text
    assert "Pass on_bad='skip' to leave them out, counted." in text
    left = build(root, on_bad='skip')
    good = [number for number, item in enumerate(build(root, lazy_init=True).list_samples())
            if item['sample_id'] not in left.unusable]
    assert (len(left), left.features.shape) == (48 - count, (48 - count, DIM))
    assert any(f"on_bad='skip': going on with {48 - count} samples" in line for line in said)
    if count == 1:
        np.testing.assert_array_equal(left.__getitems__(range(47))['inputs'].numpy(), means(root, 'ego_train')[good])
    assert len(left.labels) == len(left)


def test_windows_past_the_features(root: Path, said: list[str]) -> None:
    rows = torch.load(root / TAKE, weights_only=True)
    torch.save(rows[:35], root / TAKE)  # without the last window of its last segment
    assert len(build(root)) == 48
    assert any('1 of 48 segments have windows past the end of their features' in line for line in said)
    with pytest.raises(DataError, match=r'1 segments: .*expected at least 36 rows, .* found 35. Extract the whole'):
        build(root, feature=dict(dim=DIM, on_range='error'))


def test_segments_without_windows(root: Path, said: list[str]) -> None:
    clips = json.loads((root / 'metadata/ego2exo.json').read_text())['ego_train']['clips']
    middle = clips[5]['feature_indices'][1]
    rows = torch.load(root / clips[5]['feature_file_name'], weights_only=True)
    clips[5]['feature_indices'] = []
    change_ego2exo(root, ego_train=dict(clips=clips))
    assert torch.equal(build(root)[5]['inputs'], rows[middle, 0])
    assert any('1 of 48 segments have no window' in line for line in said)
    with pytest.raises(DataError, match='expected at least one window in feature_indices, found none'):
        build(root, feature=dict(dim=DIM, on_empty='error'))


def test_a_missing_folder_is_named(root: Path) -> None:
    with pytest.raises(FeatureError, match=re.escape(f'{root}/other: expected a folder of feature files, found '
                                                     'nothing')):
        build(root, data_prefix=dict(features='other'))


def test_inspection_knows_the_length_of_each_file(root: Path) -> None:
    dataset = build(root, lazy_init=True)
    _spoil(float('nan'))(root / TAKE)
    items = dataset.list_samples()
    assert {dataset.inspect_sample(item).facts['rows'] for item in items} == {72}
    bad = [item['uid'] for item in items if dataset.inspect_sample(item, full=True).problems]
    assert bad == ['train-take-1'] * 12


def test_more_than_five_reasons_are_counted(root: Path) -> None:
    text = build(root, lazy_init=True).describe_unusable({str(number): [f'fault {number}'] for number in range(7)}, 48)
    assert '7 of 48 segments' in text
    assert '(2 more: python tools/data/verify_dataset.py CONFIG lists all)' in text
