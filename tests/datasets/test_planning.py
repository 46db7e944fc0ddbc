"""Steps to come: labels, the steps already done, and the video that two official lists share."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from clip_support import ClipLayout
from tests_support import data_dir

from egoexo.datasets.concat import ConcatSubsets
from egoexo.datasets.planning import PlanningDataset
from egoexo.datasets.segmentation import SegmentationDataset
from egoexo.errors import AnnotationError
from egoexo.registry import DATASETS

SHARED = 'bee95524-ac78-11ee-819f-80615f12b59e'


@pytest.fixture
def layout(tmp_path: Path) -> ClipLayout:
    layout = ClipLayout(tmp_path / 'official')
    for uid in ('a', 'b', SHARED):
        layout.video(uid)
    layout.plan('ego_val', [('a', '1.5', 20), ('a', '4', 3), ('b', '5.25', 9), ('a', '4', 22), ('a', '3.0', 1),
                            (SHARED, '9.0', 1)])
    layout.plan('ego_test', [(SHARED, '9.0', 1), (SHARED, '9.5', 2)])
    layout.plan('ego_gaze_val', [('a', '4', 3)])
    return layout


def build(layout: ClipLayout, subset: str = 'ego_val', **options: object) -> PlanningDataset:
    return DATASETS.build(layout.config('PlanningDataset', subset, **options))


def test_labels(layout: ClipLayout) -> None:
    dataset = build(layout)
    batch = dataset.__getitems__(range(6))
    assert [sample.sample_id for sample in batch['data_samples']] == [
        'a|1.5', 'a|4', 'b|5.25', 'a|4#2', 'a|3.0', f'{SHARED}|9.0']
    labels = torch.stack([sample.gt_future_steps for sample in batch['data_samples']])
    assert labels.dtype == torch.int64
    assert labels[:4].tolist() == [[-1] * 8, [3, 4, 5, 6, 7, 8, 9, 10], [9, 10, 11, 12, 13, 14, 15, 16],
                                   [22, 23, 24, 25, 26, 0, 1, 2]]
    assert batch['inputs'][2, 0].tolist() == pytest.approx([16.6, 18.8, 21.0, 23.2, 25.4])  # 3.25 s to 5.25 s: 16 to 26
    assert (batch['data_samples'][2].start_sec, batch['data_samples'][2].end_sec) == (3.25, 5.25)
    assert 'gt_past_steps' not in batch['data_samples'][0]
    meta = dataset.metainfo
    assert (meta['benchmark'], meta['num_classes'], meta['horizon'], meta['part']) == ('planning', 27, 8, 'step')
    assert len(meta['classes']) == 27


def test_steps_already_done(layout: ClipLayout) -> None:
    """Row i begins with the step after step i, so the rows before it tell the steps 1 to i; order of the file."""
    dataset = build(layout, with_history=True)
    past = [sample.gt_past_steps.tolist() for sample in dataset.__getitems__(range(6))['data_samples']]
    assert past == [[], [20], [], [20, 3], [20, 3, 22], []]
    kept = build(layout, with_history=True, drop_invalid=True, exclude=['b'])
    assert [sample.gt_past_steps.tolist() for sample in kept.__getitems__(range(4))['data_samples']] == [
        [20], [20, 3], [20, 3, 22], []]
    assert dataset[0]['data_samples'].gt_past_steps.dtype == torch.int64


def test_overlap_is_dropped_from_validation_only(layout: ClipLayout, said: list[str]) -> None:
    assert SHARED in build(layout).videos
    assert SHARED not in build(layout, drop_overlap=True).videos
    assert build(layout, 'ego_test', drop_overlap=True).videos == [SHARED]
    ConcatSubsets(datasets=[build(layout), build(layout, 'ego_test')])
    assert said[-1].startswith(f'1 of 3 videos are in more than one list: {SHARED} in ego_val and ego_test.')
    said.clear()
    ConcatSubsets(datasets=[build(layout, drop_overlap=True), build(layout, 'ego_test', drop_overlap=True)])
    assert not any('more than one list' in text for text in said)


def test_gaze_list(layout: ClipLayout) -> None:
    dataset = build(layout, gaze=True)
    assert (len(dataset), dataset.subset) == (1, 'ego_gaze_val')
    assert Path(dataset.ann_file).name == 'val_ego_gaze_anno_list.txt'


def test_own_list_and_classes(layout: ClipLayout) -> None:
    (layout.root / 'mine.txt').write_text('a|4.0|[0, 1, 0]')
    dataset = build(layout, ann_file='mine.txt', metainfo=dict(classes=('x', 'y'), horizon=3))
    assert dataset[0]['data_samples'].gt_future_steps.tolist() == [0, 1, 0]
    assert dataset.metainfo['num_classes'] == 2
    (layout.root / 'mine.txt').write_text('a|4.0|[0, 1, 2]')
    with pytest.raises(AnnotationError, match=r'mine\.txt line 1: expected a video uid and 3 class ids from 0 to 1'):
        build(layout, ann_file='mine.txt', metainfo=dict(classes=('x', 'y'), horizon=3))


def test_classes_are_those_of_segmentation_without_background() -> None:
    assert PlanningDataset.METAINFO['classes'] == SegmentationDataset.METAINFO['classes'][1:]


def test_history_of_the_release(tmp_path: Path) -> None:
    """Consecutive rows are shifted by one: what a row expects next, the following ones have behind them."""
    root = data_dir('egoexolearn')
    for record in json.loads((root / 'video_meta_downsampled.json').read_text()):
        (tmp_path / f'{record["video_uid"]}.npy').touch()
    dataset = PlanningDataset('exo', 'val', data_root=str(root), data_prefix=dict(features=str(tmp_path)),
                              check_files=False, with_history=True)
    items = dataset.data_list
    lengths = Counter()
    for item, later in pairwise(items):
        if item['uid'] == later['uid']:
            assert later['labels'][:7] == item['labels'][1:]
            assert later['past'] == (*item['past'], item['labels'][0])
        lengths[len(item['past'])] += 1
    assert lengths[0] == len(dataset.videos)
