"""Planted defects of feature files hit the stated file and no other."""

import dataclasses

import numpy as np
import pytest
import torch

from egoexo.mini.defects import plant_feature_defects
from egoexo.mini.job import write_tensor
from egoexo.mini.presets import get_preset, plan_videos
from egoexo.mini.record import VideoRecord


@pytest.fixture
def records(tmp_path) -> list[VideoRecord]:
    """The tiny videos with features of their own."""
    made = []
    for index, plan in enumerate(plan_videos(get_preset('tiny'), 0)):
        paths = {name: tmp_path / name / f'{plan.uid}.pt' for name in ('clip_5fps', 'i3d_rgb_25fps')}
        for path in paths.values():
            write_tensor(path, np.full((20, 128), index, np.float16))
        made.append(VideoRecord(plan, state=None, feature_paths=paths))
    return made


def damaged(records: list[VideoRecord]) -> list[tuple[int, str]]:
    """Index and kind of every damaged file."""
    found = []
    for index, record in enumerate(records):
        for path in record.feature_paths.values():
            try:
                values = torch.load(path, weights_only=True)
            except (RuntimeError, EOFError):
                found.append((index, 'unreadable'))
                continue
            if values.isnan().any():
                assert values.isnan().all(dim=1).nonzero().tolist() == [[10]]
                found.append((index, 'nan'))
    return found


def test_without_defects_all_files_are_whole(records):
    plant_feature_defects(records, ('leak_video',))
    assert damaged(records) == []


@pytest.mark.parametrize(
    ('defects', 'expected'),
    [
        (('nan_feature',), [(0, 'nan')] * 2),
        (('truncated_feature',), [(6, 'unreadable')] * 2),
        (('nan_feature', 'truncated_feature'), [(0, 'nan')] * 2 + [(6, 'unreadable')] * 2),
    ],
)
def test_defects_hit_the_first_training_video_of_a_view(records, defects, expected):
    plant_feature_defects(records, defects)
    assert damaged(records) == expected


def test_planting_twice_changes_nothing_more(records):
    paths = [path for record in records for path in record.feature_paths.values()]
    plant_feature_defects(records, ('nan_feature', 'truncated_feature'))
    once = [path.read_bytes() for path in paths]
    plant_feature_defects([dataclasses.replace(record) for record in records], ('nan_feature', 'truncated_feature'))
    assert [path.read_bytes() for path in paths] == once
