"""The contact sheet of action recognition: segments left, clips of the same verb and noun right."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from egoexo.mini.epic_family import _record, plan_jobs
from egoexo.mini.pictures import write_pictures
from egoexo.mini.presets import get_preset
from egoexo.mini.request import Request
from egoexo.mini.sheet_epic import _pick_pairs, draw_epic_sheet

EGO, EXO = 60, 200


@pytest.fixture(scope='module')
def records(tmp_path_factory) -> list:
    """The tiny world with grey frames, dark for ego videos and light for the others."""
    records = [_record(job) for job in plan_jobs(tmp_path_factory.mktemp('grey'), Request(get_preset('tiny'), 0))]
    for record in records:
        ego = record.plan.view == 'ego'
        frames = np.full((record.state.num_frames + 1, 6, 8, 3), EGO if ego else EXO, np.uint8)
        write_pictures(record.folder, [frames], 'frame_{:010d}.jpg' if ego else 'img_{:05d}.jpg', int(ego))
    return records


def test_ego_frames_lie_left_of_clips_and_each_sheet_is_the_same(records, tmp_path):
    first, second = (draw_epic_sheet(records, 0, tmp_path / name) for name in ('a.png', 'b.png'))
    assert first.read_bytes() == second.read_bytes()
    picture = cv2.imread(str(first)).astype(int)
    assert picture.shape[1] == 1600
    columns = [np.flatnonzero(((np.abs(picture - level) <= 4).all(axis=2)).sum(0) > 300) for level in (EGO, EXO)]
    assert all(len(found) > 500 for found in columns)
    assert columns[0].max() < columns[1].min()


def test_pairs_share_verb_and_nouns_and_show_many_verbs(records):
    pairs = _pick_pairs(records)
    keys = []
    for (ego, index), (exo, other) in pairs:
        action, same = ego.state.actions[index], exo.state.actions[other]
        assert (action.verb, action.nouns) == (same.verb, same.nouns)
        assert (ego.plan.view, exo.plan.view) == ('ego', 'exo')
        assert ego.plan.split != 'train', 'defects are planted there'
        keys.append(action.verb)
    assert len(set(keys)) == len(keys) == 7


def test_target_folder_is_made(records, tmp_path):
    assert draw_epic_sheet(records, 0, Path(tmp_path / 'new' / 'sheet.png')).is_file()
