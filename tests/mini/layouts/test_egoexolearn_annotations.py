"""Taxonomies, narrated segments, coarse archive, gaze."""

import csv
import json
import re
import tarfile
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from egoexo.mini.layouts.egoexolearn_annotations import write_video_meta

COLUMNS = ['video_uid', 'annotation_id', 'subset', 'view', 'scene', 'start_sec', 'end_sec']
TEXTS = ['narration_en', 'narration_en_hand_prompt', 'narration_en_no_hand_prompt']


def _rows(path):
    with open(path, encoding='utf-8', newline='') as file:
        reader = csv.DictReader(file)
        return list(reader.fieldnames), list(reader)


@pytest.mark.parametrize(('name', 'columns', 'subsets'), [
    ('fine_annotation_test', COLUMNS, {'test'}),
    ('fine_annotation_trainval_en', COLUMNS + TEXTS, {'train', 'val'}),
    ('fine_annotation_trainvaltest_en', COLUMNS + TEXTS, {'train', 'val', 'test'}),
])
def test_fine_annotations_hold_their_subsets(world, name, columns, subsets):
    header, rows = _rows(world.root / 'annotations' / f'{name}.csv')
    assert header == columns
    assert Counter(row['subset'] for row in rows) == {s: world.facts['fine_annotations'][s] for s in subsets}
    assert all(row.values() for row in rows)
    assert {row['view'] for row in rows} == {'ego', 'exo'}


def test_fine_annotations_agree_with_the_anticipation_tables(world):
    _, rows = _rows(world.root / 'annotations/fine_annotation_trainvaltest_en.csv')
    ours = {row['annotation_id']: (row['video_uid'], row['start_sec'], row['end_sec']) for row in rows}
    folder = world.root / 'action_anticipation_planning_benchmark/anticpation_annotation/balanced_full_annotation'
    theirs = {}
    for subset in ('train', 'val', 'test'):
        for view in ('ego', 'exo'):
            for row in _rows(folder / f'{view}_{subset}_valid.csv')[1]:
                theirs[row['annotation_id']] = (row['video_id'], row['start_sec'], row['end_sec'])
    assert ours == theirs


def test_no_hand_text_names_no_hand_and_hand_text_does(world):
    _, rows = _rows(world.root / 'annotations/fine_annotation_trainvaltest_en.csv')
    says_hand = {name: np.mean([bool(re.search(r'\bhands?\b', row[name].lower())) for row in rows]) for name in TEXTS}
    assert says_hand[TEXTS[2]] == 0
    assert says_hand[TEXTS[1]] == 1
    assert 0.5 <= says_hand[TEXTS[0]] <= 0.7


def test_coarse_archive_holds_ego_segments_with_texts(world):
    with tarfile.open(world.root / 'annotations/coarse_annotations.tar.gz') as archive:
        members = {member.name: archive.extractfile(member).read() for member in archive.getmembers()}
    ego = [record for record in world.records if record.plan.view == 'ego']
    assert set(members) == {f'l1/{record.plan.uid}.json' for record in ego}
    for record in ego:
        segments = json.loads(members[f'l1/{record.plan.uid}.json'])
        assert [int(s['attribute']) for s in segments] == [step.class_id for step in record.state.steps]
        for index, segment in enumerate(segments):
            assert list(segment) == ['start', 'end', 'attribute', 'duration', 'id', 'type', 'textAttribute_en']
            assert (segment['type'], segment['duration']) == (0, record.state.duration_sec)
            sentences = segment['textAttribute_en'].split('\n')
            number = sum(action.step_index == index for action in record.state.actions)
            assert [line.split('. ')[0] for line in sentences] == [str(i + 1) for i in range(number)]


def test_coarse_archive_has_no_time_stamp(world):
    with tarfile.open(world.root / 'annotations/coarse_annotations.tar.gz') as archive:
        assert {(member.mtime, member.uid, member.uname) for member in archive.getmembers()} == {(0, 0, '')}


def test_gaze_files_are_the_recorded_arrays(world):
    files = {path.stem: np.load(path) for path in (world.root / 'gazes_30fps_npy').iterdir()}
    with_gaze = {record.plan.uid: record.gaze for record in world.records if record.gaze is not None}
    assert set(files) == set(with_gaze)
    assert len(files) == world.facts['gaze_files'] == 35
    for uid, gaze in files.items():
        np.testing.assert_array_equal(gaze, with_gaze[uid])


@pytest.mark.parametrize(('size', 'expected'), [(None, {'ego': (128.0, 128.0), 'exo': (160.0, 90.0)}),
                                                ((64, 48), {'ego': (64.0, 48.0), 'exo': (64.0, 48.0)})])
def test_video_list_takes_sizes_from_the_record_then_from_the_preset(world, tmp_path, size, expected):
    tables = replace(world.tables, records=tuple(replace(record, size=size) for record in world.tables.records))
    write_video_meta(tmp_path, tables, world.preset)
    entries = json.loads((tmp_path / 'video_meta_downsampled.json').read_text())
    assert {(e['view'], (e['width'], e['height'])) for e in entries} == set(expected.items())
