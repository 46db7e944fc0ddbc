"""Keys, tables and records of recognition."""

from dataclasses import replace

import numpy as np
import pytest

from egoexo.evaluation.functional.recognition_groups import RecognitionRow, RecognitionSubsets, recognition_groups
from egoexo.evaluation.functional.recognition_tables import (
    class_records,
    item_records,
    recognition_scalars,
    recognition_table,
)
from egoexo.evaluation.protocols.recognition import get_protocols

SUBSETS = RecognitionSubsets({1}, {0, 2}, {'P02'})
CLASSES = dict(verb=['take', 'put', 'cut'], noun=['pan', 'onion', 'knife', 'door:fridge'])


def row(index: int, label: tuple[int, int], verb: tuple[float, ...], noun: tuple[float, ...],
        participant: str = 'P01') -> RecognitionRow:
    return RecognitionRow(f'{participant}_01_{index}', f'{participant}_01', 'val', np.array(label), np.array(verb),
                          order=index, noun_scores=np.array(noun), participant_id=participant)


ROWS = [row(0, (0, 1), (3, 2, 1), (0, 5, 1, 2)), row(1, (1, 2), (3, 2, 1), (0, 5, 1, 2), 'P02'),
        row(2, (2, 3), (3, 2, 9), (0, 5, 1, 2)), row(3, (-1, -1), (3, 2, 1), (0, 5, 1, 2))]


def test_item_records() -> None:
    records = item_records(ROWS, SUBSETS, CLASSES)
    assert records[1] == dict(
        subset='val', sample_id='P02_01_1', uid='P02_01', participant_id='P02', verb_class=1, verb='put', noun_class=2,
        noun='knife', pred_verb_class=0, pred_verb='take', pred_noun_class=1, pred_noun='onion', verb_rank=2,
        noun_rank=3, action_rank='', tail_verb=1, tail_noun=1, unseen=1)
    assert [record['action_rank'] for record in records] == [1, '', 2]
    assert [record['unseen'] for record in records] == [0, 1, 0]
    plain = item_records(ROWS[:1])
    assert plain[0]['verb'] == '0' and plain[0]['pred_noun'] == '1'
    assert plain[0]['tail_verb'] == plain[0]['tail_noun'] == plain[0]['unseen'] == ''
    assert item_records([ROWS[3]]) == []


def test_class_records() -> None:
    groups, _ = recognition_groups(ROWS, get_protocols('official'), SUBSETS, per_class=True)
    records = class_records(groups, CLASSES)
    assert [record['name'] for record in records] == CLASSES['verb'] + CLASSES['noun']
    assert [record['accuracy'] for record in records] == [100, 0, 100, '', 100, 0, 0]
    assert records[0] == dict(subset='val', task='verb', name='take', samples=1, correct=1, accuracy=100) | {'class': 0}
    assert class_records(groups)[3]['name'] == '0'


def test_scalars() -> None:
    groups, _ = recognition_groups(ROWS, get_protocols(['official', 'meter']), SUBSETS, per_class=True)
    scalars = recognition_scalars(groups, CLASSES, per_class=True)
    assert scalars['val/noun_accuracy/door:fridge'] == 0 and scalars['val/verb_accuracy/cut'] == 100
    assert 'val/noun_accuracy/pan' not in scalars
    without = recognition_scalars(groups, CLASSES)
    assert without.items() < scalars.items() and not any('accuracy/' in key for key in without)
    assert all(type(value) is float for value in scalars.values())


def test_table() -> None:
    groups, _ = recognition_groups(ROWS, get_protocols(['official', 'meter']), SUBSETS)
    lines = recognition_table(groups)
    assert lines[0] == ['Protocol', 'List', 'Subset', 'Segments', 'Videos', 'Verb@1', 'Verb@5', 'Noun@1', 'Noun@5',
                        'Action@1', 'Action@5', 'Both@1', 'Both@5']
    assert lines[1][:7] == ['official', 'val', 'all', '3', '2', '66.67', '100.00'] and lines[1][-2:] == ['-', '-']
    assert lines[2][:6] == ['official', 'val', 'tail', '1', '', '0.00'] and lines[2][6] == '-'
    assert lines[3][2] == 'unseen' and lines[4][:3] == ['meter', 'val', 'all'] and lines[4][9] == '-'
    more = [replace(item, target=np.array([1, 1])) for item in ROWS]
    found = recognition_table(recognition_groups(more, get_protocols('official'), SUBSETS)[0])
    assert found[2][3] == '4' and found[2][7] == '-'  # no tail noun


@pytest.mark.parametrize('digits', [1, 4])
def test_table_with_intervals(digits: int) -> None:
    groups, _ = recognition_groups(ROWS, get_protocols('official'), SUBSETS, num_bootstrap=3)
    assert recognition_table(groups, digits)[3][5] == f'{0:.{digits}f} [{0:.{digits}f}, {0:.{digits}f}]'
