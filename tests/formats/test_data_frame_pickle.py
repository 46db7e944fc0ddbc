import math
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from tests_support import REPO

from egoexo.errors import AnnotationError
from egoexo.formats.data_frame_pickle import read_data_frame

FOLDER = REPO / 'tests' / 'data' / 'recognition'
COLUMNS = {
    'participant_id': ['P90', 'P90', 'P91'], 'video_id': ['P90_01', 'P90_101', 'P91_02'],
    'start_timestamp': ['00:00:00.00', '00:00:01.56', '01:02:03.50'],
    'stop_timestamp': ['00:00:01.89', '00:00:02.45', '01:02:05.25'], 'start_frame': [1, 78, 223410],
    'stop_frame': [113, 122, 223515], 'narration': ['take cup', 'put down cup', 'open the drawer'],
    'verb': ['take', 'put-down', 'open'], 'verb_class': [0, 1, 3], 'noun': ['cup', 'cup', 'drawer'],
    'noun_class': [13, 13, 8], 'all_nouns': [['cup'], ['cup', 'table'], ['drawer']],
    'all_noun_classes': [[13], [13, 25], [8]]}


def tables(pattern: str) -> list[Path]:
    return sorted(FOLDER.glob(pattern))


@pytest.mark.parametrize('path', tables('epic55_*.pkl'), ids=lambda path: path.stem)
def test_every_pandas_gives_the_same_table(path):
    table = read_data_frame(path)
    assert table.columns == COLUMNS and list(table.columns) == list(COLUMNS)
    assert (table.index, table.index_name) == ([7, 300, 28471], 'uid')
    assert all(type(value) in (str, int, list) for column in table.columns.values() for value in column)


@pytest.mark.parametrize('path', tables('epic100_*.pkl'), ids=lambda path: path.stem)
def test_tables_with_columns_of_numbers(path):
    table = read_data_frame(path)
    times = table.columns.pop('narration_timestamp')
    assert table.columns == COLUMNS
    assert (table.index, table.index_name) == (['P90_01_0', 'P90_101_1', 'P91_02_10'], 'narration_id')
    assert times[::2] == ['00:00:00.560', '00:00:02.000']
    assert times[1] is None or math.isnan(times[1])


def test_index_of_a_range():
    table = read_data_frame(FOLDER / 'range_pandas-0.23.pkl')
    assert (table.index, table.index_name, table.columns) == ([0, 1, 2], None, COLUMNS)


def test_there_are_tables_of_many_versions():
    assert len(tables('epic55_*.pkl')) == 8 and len(tables('epic100_*.pkl')) == 6


@pytest.mark.cli
def test_pandas_and_torch_are_not_needed():
    program = ('import sys; sys.modules["pandas"] = sys.modules["torch"] = None\n'
               'from egoexo.formats.data_frame_pickle import read_data_frame\n'
               f'print(len(read_data_frame({str(FOLDER / "epic100_pandas-1.5.pkl")!r}).index))')
    done = subprocess.run([sys.executable, '-c', program], cwd=REPO, capture_output=True, text=True, check=True)
    assert done.stdout == '3\n'


def changed(name: str, old: bytes, new: bytes) -> bytes:
    data = (FOLDER / name).read_bytes()
    assert data.count(old) and len(old) == len(new)
    return data.replace(old, new, 1)


NEW, OLD = 'epic100_pandas-1.5.pkl', 'epic55_pandas-0.25.pkl'


@pytest.mark.parametrize(('data', 'message'), [
    (changed(NEW, b'DataFrame', b'DataFrama'), 'the Python object pandas.core.frame.DataFrama'),
    (changed(NEW, b'BlockManager', b'BlockManages'), r'managers\.BlockManages, which is not built from a file'),
    (changed(NEW, b'verb_class', b'noun_class'), 'whose columns have no names of their own'),
    (changed(NEW, b'\x04_mgr', b'\x04_mxr'), 'a table without columns and rows'),
    (changed(NEW, b'K\x05K\x07K\x01', b'K\x05K\x06K\x01'), 'a block of columns that does not bring them'),
    (changed(NEW, b'K\x05K\x07K\x01', b'K\x06K\x08K\x01'), 'does not fit the table|lacks 1 of its 14 columns'),
    (changed(NEW, b'K\x05K\x07K\x01', b'K\x6fK\x71K\x01'), 'IndexError'),
    (changed(NEW, b'\x04data', b'\x04dada'), 'an index without a list of values'),
    (changed(OLD, b'0.14.1', b'0.14.0'), 'a table older than pandas 0.14'),
    (changed(OLD, b'mgr_locs', b'mgr_lock'), 'a block of columns that does not bring them'),
    (changed('range_pandas-0.23.pkl', b'\x8c\x04stop', b'\x8c\x04stap'), 'an index of a range without limits'),
    (pickle.dumps([1]), 'an object of the kind list'),
    ((FOLDER / NEW).read_bytes()[:700], 'announced at offset|without an end'),
    (b'\x80\x04cposix\nsystem\n.', 'the Python object posix.system'),
    (b'PK\x03\x04', "the pickle instruction b'P'")])
def test_other_tables_are_refused(tmp_path, data, message):
    path = tmp_path / 'EPIC_100_train.pkl'
    path.write_bytes(data)
    with pytest.raises(AnnotationError, match=f'EPIC_100_train.pkl: expected a table of pandas, .*({message})'):
        read_data_frame(path)


def test_a_range_without_end_takes_no_memory(tmp_path):
    data = (FOLDER / 'range_pandas-0.23.pkl').read_bytes()
    place = data.index(b'\x04stop') + 5
    place = data.index(b'K\x03', place)
    path = tmp_path / 'a.pkl'
    path.write_bytes(data[:place] + b'\x8a\x06\x00\x00\x00\x00\x00\x10' + data[place + 2:])
    with pytest.raises(AnnotationError, match='a table of 13 columns and 17,592,186,044,416 rows'):
        read_data_frame(path)


def test_missing_file(tmp_path):
    with pytest.raises(AnnotationError, match='a table of pandas, found nothing: it does not exist'):
        read_data_frame(tmp_path / 'a.pkl')
