"""EPIC-Kitchens' layout: one job per video, facts of what is there, defects on request."""

import csv
import dataclasses
import json
from pathlib import Path

import cv2
import pytest

from egoexo.mini import epic_family, make_mini
from egoexo.mini.presets import get_preset, plan_epic_videos, plan_videos
from egoexo.mini.request import Request

SMALL = dataclasses.replace(get_preset('tiny'), name='small', ego_splits=(2, 1, 1), exo_splits=(1, 1, 1), max_steps=2,
                            num_uncut=0, ego_size=32, ego_focal=16.0, exo_size=(48, 26))


def make(out: Path, **arguments) -> dict:
    return make_mini(out, SMALL, 3, layouts=['epic'], jobs=1, progress=False, **arguments)['epic']


def table(root: Path, name: str) -> list[dict[str, str]]:
    with open(root / 'epic/annotations' / f'EPIC_100_{name}.csv', newline='') as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope='module')
def clean(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp('clean')
    make(root)
    return root


@pytest.fixture(scope='module')
def broken(tmp_path_factory) -> Path:
    """All defects at once."""
    root = tmp_path_factory.mktemp('broken')
    assert make(root, defects=epic_family.defects)['arguments']['defects'] == sorted(epic_family.defects)
    return root


def test_jobs_are_the_planned_videos_in_order():
    preset = get_preset('tiny')
    jobs = epic_family.plan_jobs(Path('somewhere'), Request(preset, 5))
    exos = [plan for plan in plan_videos(preset, 5) if plan.view == 'exo']
    assert [job.plan for job in jobs] == plan_epic_videos(preset, 5) + exos
    assert not any(job.portrait for job in jobs)


def test_defects_of_other_layouts_and_features_do_not_matter():
    request = Request(get_preset('tiny'), 0)
    other = dataclasses.replace(request, defects=('leak_video', 'nan_feature'), features=(), float32=True)
    assert epic_family.arguments(other) == epic_family.arguments(request)


def test_facts_count_what_is_there(epic_root):
    facts = json.loads((epic_root.parent / 'mini.json').read_text())['epic']
    assert facts['counts']['ego']['videos'] == len(list(epic_root.glob('rgb_frames/*/rgb_frames/*'))) == 6
    assert facts['counts']['exo']['videos'] == len(list(epic_root.glob('lemma/frames/*'))) == 6
    assert facts['counts']['ego']['frames'] == len(list(epic_root.glob('rgb_frames/*/rgb_frames/*/frame_*.jpg')))
    assert facts['counts']['exo']['frames'] == len(list(epic_root.glob('lemma/frames/*/img_*.jpg')))
    assert (len(facts['verb_classes']), len(facts['noun_classes'])) == (19, 26)
    assert facts['unseen_participants'] == ['P04']
    assert (epic_root.parent / 'contact_sheet_epic.png').is_file()


def test_every_row_has_its_frames(clean):
    for name in ('train', 'validation', 'test_timestamps'):
        for row in table(clean, name):
            folder = clean / 'epic/rgb_frames' / row['participant_id'] / 'rgb_frames' / row['video_id']
            assert all((folder / f'frame_{number:010d}.jpg').is_file()
                       for number in range(int(row['start_frame']), int(row['stop_frame']) + 1))


def test_one_defect_one_change(clean, broken):
    """Planted in the first training video, except the turned one; validation stays as it is."""
    before, after = table(clean, 'train'), table(broken, 'train')
    assert [index for index, rows in enumerate(zip(before, after, strict=True)) if rows[0] != rows[1]] == [0, 1]
    assert int(after[0]['stop_frame']) == int(after[0]['start_frame'])
    assert after[0]['stop_timestamp'] == after[0]['start_timestamp']
    assert after[1] == {**before[1], 'verb_class': '19'}
    assert table(clean, 'validation') == table(broken, 'validation')
    ours, theirs = ({path.relative_to(root).as_posix() for path in root.rglob('*.jpg')} for root in (clean, broken))
    (lost,) = ours - theirs
    assert theirs < ours
    number = int(lost[-14:-4])
    assert int(after[2]['start_frame']) < number < int(after[2]['stop_frame'])
    assert after[2]['video_id'] in lost
    sizes = {path.parent.name: cv2.imread(str(path)).shape[:2] for path in broken.rglob('*0011.jpg')}
    turned = [plan.uid for plan in plan_epic_videos(SMALL, 3) if plan.split == 'train'][-1]
    assert {name for name, size in sizes.items() if size == (32, 24)} == {turned}
    assert turned != after[0]['video_id']


def test_defects_survive_a_second_look(broken):
    """Made again after a run that stopped before its end: planted once, not twice."""
    files = {path: path.read_bytes() for path in broken.rglob('*.csv')}
    request = Request(SMALL, 3, defects=tuple(sorted(epic_family.defects)))
    jobs = epic_family.plan_jobs(broken / 'epic', request)
    assert all(epic_family.make(job) == 0 for job in jobs)
    epic_family.finish(broken / 'epic', jobs, request)
    assert {path: path.read_bytes() for path in broken.rglob('*.csv')} == files
