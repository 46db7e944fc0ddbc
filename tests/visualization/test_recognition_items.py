import numpy as np
import pytest

from egoexo.errors import PredictionError
from egoexo.visualization.recognition_items import ACTION_COLUMNS, read_action_items

#: list, id, video, participant; verb and noun, true and predicted; ranks.
ROWS = [('val', 'P01_101_0', 'P01_101', 'P01', 0, 'take', 2, 'cup', 0, 'take', 2, 'cup', 1, 1),
        ('val', 'P01_101_1', 'P01_101', 'P01', 0, 'take', 1, 'tap', 3, 'put', 1, 'tap', 6, 1),
        ('val', 'P02_101_0', 'P02_101', 'P02', 3, 'put', 2, 'cup', 3, 'put', 4, 'jug', 1, 3),
        ('test', 'P03_101_0', 'P03_101', 'P03', 3, 'put', 2, 'cup', 0, 'take', 4, 'jug', 2, 9)]


def write_items(path, rows=ROWS, more=''):
    lines = [','.join((*ACTION_COLUMNS, 'action_rank')), *(','.join(map(str, (*row, ''))) for row in rows)]
    path.write_text('\n'.join(lines) + '\n' + more)
    return path


@pytest.fixture
def items(tmp_path):
    return read_action_items(write_items(tmp_path / 'items.csv'))


def test_right_verbs_nouns_and_actions(items):
    assert len(items) == 4 and items.damaged == 0
    assert items.right('verb').tolist() == [True, False, True, False]
    assert items.right('noun').tolist() == [True, True, False, False]
    assert items.right('action').tolist() == [True, False, False, False]
    assert items.class_name('verb', 3) == 'put' and items.class_name('noun', 99) == 'class 99'


def test_means_of_groups(items):
    one, two, three = items.group('subset', 'uid')
    assert (one.keys, one.num_items, one.verb, one.noun, one.action) == (('val', 'P01_101'), 2, 50, 100, 50)
    assert (one.verb_top5, one.noun_top5) == (50, 100)
    assert (two.verb, two.noun, two.action, two.noun_top5) == (100, 0, 0, 100)
    assert (three.keys, three.verb_top5, three.noun_top5) == (('test', 'P03_101'), 100, 0)


def test_classes_by_frequency(items):
    rows = items.rows_of('subset')['val']
    classes, accuracies, counts = items.class_accuracies('verb', rows)
    assert classes.tolist() == [0, 3] and accuracies.tolist() == [50, 100] and counts.tolist() == [2, 1]


def test_confusions_keep_the_others_together(items):
    everything = np.arange(4)
    assert items.confusions('noun', everything, [2]).tolist() == [[1, 2], [0, 1]]
    assert items.confusions('verb', everything, [0, 3]).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]


def test_damaged_lines_are_counted(tmp_path):
    more = 'val,half a line\n' + ','.join(map(str, ROWS[0])).replace(',0,take,2', ',-1,take,2') + ',\n'
    items = read_action_items(write_items(tmp_path / 'items.csv', more=more))
    assert len(items) == 4 and items.damaged == 2


def test_no_rows(tmp_path):
    items = read_action_items(write_items(tmp_path / 'items.csv', []))
    assert len(items) == 0 and items.group('uid') == [] and items.right('action').shape == (0,)


@pytest.mark.parametrize(('content', 'text'), [
    (None, 'a table of segments'),
    ('uid,verb\n', 'expected columns subset, .* found none of the name subset, sample_id'),
    ('', 'found none of the name subset')])
def test_other_files_are_refused(tmp_path, content, text):
    path = tmp_path / 'items.csv'
    if content is not None:
        path.write_text(content)
    with pytest.raises(PredictionError, match=text):
        read_action_items(path)
