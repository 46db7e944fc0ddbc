from collections import Counter

import numpy as np
import pytest
from tests_support import REPO, data_dir

from egoexo.errors import AnnotationError
from egoexo.formats.csv_table import read_csv_columns
from egoexo.formats.data_frame_pickle import DataFrame
from egoexo.formats.epic_actions import (
    EpicAction,
    clock_seconds,
    frame_rate,
    frames_of_timestamp,
    is_extension,
    read_epic_actions,
)

PICKLES = REPO / 'tests' / 'data' / 'recognition'
HEAD = ('narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,'
        'stop_frame,narration,verb,verb_class,noun,noun_class,all_nouns,all_noun_classes')
ROW = ('P90_01_0,P90,P90_01,00:00:00.560,00:00:00.00,01:02:01.89,1,113,take cup,take,0,cup,13,'
       '"[\'cup\', \'tea\']","[13, 2]"')
TEST_HEAD = ','.join(HEAD.split(',')[:8])
TEST_ROW = ','.join(ROW.split(',')[:8])
ACTION = EpicAction('P90_01_0', 'P90', 'P90_01', 1, 113, 0, 13, 'take cup', 'take', 'cup', 0.0, 3721.89, (13, 2))


def write(path, *lines, end='\n'):
    path.write_bytes(end.join([*lines, '']).encode())
    return path


def test_a_row(tmp_path):
    assert read_epic_actions(write(tmp_path / 'a.csv', HEAD, ROW)) == [ACTION]


def test_windows_line_ends_and_byte_order_mark(tmp_path):
    assert read_epic_actions(write(tmp_path / 'a.csv', '\ufeff' + HEAD, ROW, end='\r\n')) == [ACTION]


def test_list_without_labels(tmp_path):
    action, = read_epic_actions(write(tmp_path / 'a.csv', TEST_HEAD, TEST_ROW))
    assert action == EpicAction('P90_01_0', 'P90', 'P90_01', 1, 113, start_sec=0.0, stop_sec=3721.89)
    assert (action.verb_class, action.noun_class, action.narration, action.all_noun_classes) == (-1, -1, '', ())


def test_gaps_and_other_orders(tmp_path):
    head = 'uid,video_id,noun_class,verb_class,start_frame,stop_frame,participant_id,start_timestamp'
    rows = read_epic_actions(write(tmp_path / 'a.csv', head, '7,P90_01,nan,,5.0,9,P90,', '3,P90_01,2.0,1,1,1,P90,nan'))
    assert rows == [EpicAction('7', 'P90', 'P90_01', 5, 9), EpicAction('3', 'P90', 'P90_01', 1, 1, 1, 2)]


@pytest.mark.parametrize('name', ['epic100_pandas-1.2.pkl', 'epic100_pandas-3.0-pyarrow.pkl', 'epic55_pandas-0.23.pkl',
                                  'range_pandas-0.23.pkl'])
def test_pickles(name):
    first, second, third = read_epic_actions(PICKLES / name)
    ids = {'1': ['P90_01_0', 'P90_101_1', 'P91_02_10'], '5': ['7', '300', '28471']}.get(name[4], ['0', '1', '2'])
    assert [row.narration_id for row in (first, second, third)] == ids
    assert second[1:] == ('P90', 'P90_101', 78, 122, 1, 13, 'put down cup', 'put-down', 'cup', 1.56, 2.45, (13, 25))
    assert third[3:7] == (223410, 223515, 3, 8)


def test_pickle_without_labels():
    assert [row[5:9] for row in read_epic_actions(PICKLES / 'epic100-test_pandas-1.5.pkl')] == [(-1, -1, '', '')] * 3


@pytest.mark.parametrize(('column', 'values', 'message'), [
    ('start_frame', [True],
     'a.pkl row 0: expected start_frame and stop_frame as numbers from 1, in order, found True, 9.0'),
    ('start_frame', [1.5], 'found 1.5, 9.0'), ('start_frame', [np.float64('nan')], 'found .*nan.*, 9.0'),
    ('start_frame', [[1]], 'found a list, 9.0'),
    ('verb_class', ['x'], "numbers as verb_class and noun_class, found 'x'"),
    ('verb_class', [-1], 'found -1'), ('video_id', [3], 'the name of a video, found 3'),
    ('narration_id', [None], "an id that no other row has, found None"),
    ('all_noun_classes', [['a']], 'a list of class ids as all_noun_classes, found a list'),
    ('all_noun_classes', [3], 'found 3')])
def test_wrong_values_in_a_pickle(tmp_path, monkeypatch, column, values, message):
    columns = dict(narration_id=['a'], participant_id=['P90'], video_id=['P90_01'], start_frame=[np.int64(5)],
                   stop_frame=[9.0]) | {column: values}
    table = DataFrame(columns, [0], None)
    monkeypatch.setattr('egoexo.formats.epic_actions.read_data_frame', lambda path: table)
    with pytest.raises(AnnotationError, match=message):
        read_epic_actions(tmp_path / 'a.pkl')


@pytest.mark.parametrize(('head', 'row', 'message'), [
    (HEAD, ROW + '\n' + ROW, r'a.csv line 3: expected an id that no other row has, found \'P90_01_0\''),
    (HEAD, ROW.replace(',1,113', ',114,113'), "line 2: expected start_frame and stop_frame .* found '114', '113'"),
    (HEAD, ROW.replace(',1,113', ',0,113'), "found '0', '113'"), (HEAD, ROW.replace(',1,113', ',one,113'), "'one'"),
    (HEAD, ROW.replace(',1,113', ',,113'), "found '', '113'"), (HEAD, ROW.replace('113', '1e3'), "found '1', '1e3'"),
    (HEAD, ROW.replace('cup,13', 'cup,-2'), "numbers as verb_class and noun_class, found '0', '-2'"),
    (HEAD, ROW.replace(',P90,', ',../P90,'), r"the name of a participant, found '\.\./P90'"),
    (HEAD, ROW.replace(',P90_01,', ',..,'), r"the name of a video, found '\.\.'"),
    (HEAD, ROW.replace('P90_01_0,', ','), "an id that no other row has, found ''"),
    (HEAD, ROW.replace('01:02:01.89', '62:01.89'), r"as HH:MM:SS.ss, found '00:00:00.00', '62:01.89'"),
    (HEAD, ROW.replace('[13, 2]', '(13, 2)'), 'a list of class ids as all_noun_classes'),
    (HEAD.replace('narration_id', 'id'), ROW, 'line 1: expected the columns narration_id, .*found none called narr'),
    (HEAD.replace('video_id', 'video'), ROW, 'found none called video_id. Take the released table'),
    (HEAD, '', 'at least one line below it')])
def test_wrong_tables(tmp_path, head, row, message):
    with pytest.raises(AnnotationError, match=message):
        read_epic_actions(write(tmp_path / 'a.csv', head, row))


def test_columns_that_are_asked_for(tmp_path):
    path = write(tmp_path / 'a.csv', TEST_HEAD, TEST_ROW)
    with pytest.raises(AnnotationError, match='found none called verb_class'):
        read_epic_actions(path, ('verb_class', 'noun_class'))


def test_times_and_frames():
    assert clock_seconds('01:00:00.5') == 3600.5 and clock_seconds('1:2') is None and clock_seconds(3) is None
    assert (is_extension('P01_11'), is_extension('P01_101')) == (False, True)
    assert (frame_rate('P01_11'), frame_rate('P01_101')) == (60.0, 50.0)
    assert frames_of_timestamp('00:00:48.31', 'P01_11') == 2898
    assert frames_of_timestamp('00:00:48.31', 'P01_101') == 2415
    with pytest.raises(AnnotationError, match=r"video 'P01': expected a name such as P01_11"):
        frame_rate('P01')
    with pytest.raises(AnnotationError, match='a time as HH:MM:SS.ss, found None'):
        frames_of_timestamp(None, 'P01_11')


def test_real_validation_list():
    path = data_dir('epic-kitchens-100') / 'EPIC_100_validation.csv'
    actions = read_epic_actions(path)
    assert [len(actions), *(len(set(part)) for part in zip(*(row[:3] for row in actions), strict=True))] == [
        9668, 9668, 32, 138]
    pairs = Counter((row.verb_class, row.noun_class) for row in actions)
    assert [len({verb for verb, _ in pairs}), len({noun for _, noun in pairs}), len(pairs)] == [78, 211, 1352]
    assert (max(verb for verb, _ in pairs), max(noun for _, noun in pairs)) == (93, 295)
    lengths = np.array([row.stop_frame - row.start_frame + 1 for row in actions])
    assert [lengths.min(), *np.quantile(lengths, [0.25, 0.5, 0.75]), lengths.max()] == [31, 73, 118, 234, 8820]
    assert (round(lengths.mean(), 1), int((lengths < 63).sum())) == (222.0, 1738)
    assert all(row.all_noun_classes[0] == row.noun_class for row in actions)
    assert sum(row.participant_id in ('P18', 'P32') for row in actions) == 1065
    times = [cells for _, cells in read_csv_columns(path, 'a list', ('start_timestamp', 'stop_timestamp'))]
    assert all(frames_of_timestamp(start, row.video_id) == row.start_frame
               and frames_of_timestamp(stop, row.video_id) == row.stop_frame
               for row, (start, stop) in zip(actions, times, strict=True))
