"""Rows of the annotation tables in the official columns, with the official frame numbers."""

import ast
import math
import re

import pytest

from egoexo.mini.layouts.epic_classes import NOUN_IDS, VERB_IDS, VERB_WORDS, noun_form, verb_form
from egoexo.mini.layouts.epic_rows import HEADER, build_rows, frame_number
from egoexo.mini.vocabulary import OBJECTS

LABELLED = ('train', 'validation')


@pytest.mark.parametrize(('timestamp', 'number'), [('00:00:00.00', 1), ('00:00:01.00', 50), ('00:00:01.03', 51),
                                                   ('00:01:10.52', 3526), ('01:00:00.00', 180000)])
def test_frame_numbers_are_whole_fiftieths_of_a_second(timestamp, number):
    assert frame_number(timestamp) == number


def test_columns_and_files(epic_world):
    for name in LABELLED:
        rows = epic_world.rows(name)
        assert tuple(rows[0]) == HEADER
        assert len(HEADER) == 15
        assert len({row['narration_id'] for row in rows}) == len(rows)
        silent = [row for row in rows if not row['narration_timestamp']]
        assert len(silent) == 1
    assert tuple(epic_world.rows('test_timestamps')[0]) == HEADER[:8]


def test_times_and_frames_fit_the_state(epic_world):
    states = {record.plan.uid: record.state for record in epic_world.records}
    for row in epic_world.rows('train') + epic_world.rows('validation'):
        video, number = row['narration_id'].rsplit('_', 1)
        assert (video, video[:3]) == (row['video_id'], row['participant_id'])
        state = states[video]
        action = state.actions[int(number)]
        for kind, seconds in (('start', action.start_sec), ('stop', action.end_sec)):
            assert re.fullmatch(r'00:\d\d:\d\d\.\d\d', row[f'{kind}_timestamp'])
            frame = int(row[f'{kind}_frame'])
            assert frame == frame_number(row[f'{kind}_timestamp'])
            assert -1.5 <= frame - seconds * 50 <= 1
            assert 1 <= frame <= state.num_frames
        assert int(row['start_frame']) < int(row['stop_frame'])
        if row['narration_timestamp']:
            assert re.fullmatch(r'00:\d\d:\d\d\.\d{3}', row['narration_timestamp'])


def test_labels_are_read_off_the_state_and_narrations_say_them(epic_world):
    states = {record.plan.uid: record.state for record in epic_world.records}
    second = 0
    for row in epic_world.rows('train') + epic_world.rows('validation'):
        action = states[row['video_id']].actions[int(row['narration_id'].rsplit('_', 1)[1])]
        assert int(row['verb_class']) == VERB_IDS[action.verb]
        assert int(row['noun_class']) == NOUN_IDS[action.nouns[0]]
        verb = next(words for words in VERB_WORDS[action.verb].words if verb_form(words) == row['verb'])
        words = [next(words for words in OBJECTS[name].words if noun_form(words) == form)
                 for name, form in zip(action.nouns, ast.literal_eval(row['all_nouns']), strict=False)]
        said = f' {VERB_WORDS[action.verb].preposition} '.join(words)
        assert row['narration'] == f'{verb} {said}'
        classes = ast.literal_eval(row['all_noun_classes'])
        assert classes == [NOUN_IDS[name] for name in action.nouns[:len(classes)]]
        assert (row['noun'], int(row['noun_class'])) == (ast.literal_eval(row['all_nouns'])[0], classes[0])
        second += len(classes) == 2
    assert second > 5


def test_rows_do_not_depend_on_other_videos(epic_world):
    record = epic_world.records[0]
    assert build_rows(record, 0) == build_rows(record, 0)
    assert [row.narration for row in build_rows(record, 0)] != [row.narration for row in build_rows(record, 1)]


def test_video_info(epic_world):
    rows = epic_world.rows('video_info')
    assert list(rows[0]) == ['video_id', 'duration', 'fps', 'resolution']
    frames = {record.plan.uid: record.state.num_frames for record in epic_world.records}
    for row in rows:
        assert (row['fps'], row['resolution']) == ('50.0', '128x128')
        assert math.isclose(float(row['duration']) * 50, frames[row['video_id']])
