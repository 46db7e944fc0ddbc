"""Planning lists re-derived from the coarse annotations by the published rule."""

import ast
import json
import tarfile
from itertools import pairwise

import pytest

PLANNING = 'action_anticipation_planning_benchmark/planning_annotation'


def _rows(root, name):
    text = (root / PLANNING / 'annotation' / f'{name}_anno_list.txt').read_text()
    return [(uid, float(end), ast.literal_eval(labels)) for uid, end, labels in
            (line.split('|') for line in text.split('\n') if line)]


def _expected(uid, segments):
    ordered = sorted(segments, key=lambda segment: segment['start'])
    return [(uid, ordered[i]['end'], [int(s['attribute']) - 1 for s in ordered[i + 1:i + 9]])
            for i in range(len(ordered)) if len(ordered) - i - 1 >= 8]


@pytest.mark.parametrize('name', [f'{split}_ego{gaze}' for split in ('train', 'val', 'test') for gaze in ('', '_gaze')])
def test_ego_rows_follow_from_the_coarse_annotations(world, name):
    split, view = name.split('_', 1)
    uids = (world.root / PLANNING / 'splits' / f'{view}_{split}_annotations.bundle').read_text().split()
    with tarfile.open(world.root / 'annotations/coarse_annotations.tar.gz') as archive:
        segments = {uid[:-4]: json.loads(archive.extractfile(f'l1/{uid[:-4]}.json').read()) for uid in uids}
    expected = [row for uid in segments for row in _expected(uid, segments[uid])]
    assert sorted(_rows(world.root, name)) == sorted(expected)
    assert len(expected) == world.facts['planning'][name] >= 20


@pytest.mark.parametrize(('name', 'split'), [('train_exo', 'train'), ('val_exo', 'val'), ('test_exo', 'test')])
def test_exo_rows_follow_from_the_states(world, name, split):
    expected = []
    for record in world.records:
        if record.plan.view == 'exo' and record.plan.split == split:
            steps = [dict(start=s.start_sec, end=s.end_sec, attribute=s.class_id) for s in record.state.steps]
            expected += _expected(record.plan.uid, steps)
    assert sorted(_rows(world.root, name)) == sorted(expected)


@pytest.mark.parametrize('gaze', ['', '_gaze'])
def test_cotraining_is_ego_then_exo(world, gaze):
    rows = _rows(world.root, f'cotrain_ego{gaze}_exo')
    assert rows == _rows(world.root, f'train_ego{gaze}') + _rows(world.root, 'train_exo')


@pytest.mark.parametrize('name', ['train_ego', 'val_exo'])
def test_consecutive_rows_of_a_video_are_shifted_by_one(world, name):
    rows = _rows(world.root, name)
    pairs = [(a, b) for a, b in pairwise(rows) if a[0] == b[0]]
    assert pairs
    assert all(a[2][1:] == b[2][:-1] and a[1] < b[1] for a, b in pairs)


def test_tiny_world_has_rows_in_every_list(tiny):
    assert len(tiny.facts['planning']) == 11
    assert min(count for name, count in tiny.facts['planning'].items() if 'gaze' not in name) >= 1
