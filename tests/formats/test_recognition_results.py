import os
import pickle

import numpy as np
import pytest
import torch

from egoexo.errors import PredictionError
from egoexo.formats.recognition_results import ClassScores, align_scores, id_problems, read_scores, write_scores

IDS = ['P90_01_0', 'P90_01_1', 'P91_101_10']
VERB = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)
NOUN = np.random.default_rng(1).standard_normal((3, 5)).astype(np.float32)
ROWS = [dict(verb_output=VERB[row], noun_output=NOUN[row], narration_id=name) for row, name in enumerate(IDS)]
TENSORS = [dict(row, verb_output=torch.from_numpy(row['verb_output']), noun_output=row['noun_output'].tolist())
           for row in ROWS]
ARRAYS = dict(verb_output=VERB, noun_output=NOUN, narration_id=np.array(IDS))
METER = ([[0, 1, 2], [2, 1, 0]], [torch.from_numpy(VERB), NOUN])
METER_ROWS = [[np.arange(3), np.arange(3)], [list(VERB), [row.tolist() for row in NOUN]]]


def save(path, content):
    if path.suffix == '.pt':
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(content))
    return path


def same(scores, dtype=np.float32):
    assert scores.ids == IDS and scores.verb.dtype == np.float32 and scores.noun.dtype == dtype
    np.testing.assert_array_equal(scores.verb, VERB)
    np.testing.assert_array_equal(scores.noun, NOUN)


@pytest.mark.parametrize('suffix', ['.pt', '.pkl'])
@pytest.mark.parametrize(('content', 'dtype'), [
    (ROWS, np.float32), (TENSORS, np.float64), (ARRAYS, np.float32), (dict(ARRAYS, narration_id=IDS), np.float32),
    (dict(ARRAYS, verb_output=torch.from_numpy(VERB), narration_id=np.array(IDS, object)), np.float32)])
def test_results_of_the_challenge(tmp_path, suffix, content, dtype):
    same(read_scores(save(tmp_path / f'results{suffix}', content)), dtype)


def test_torch_file_under_another_name(tmp_path):
    torch.save(ROWS, tmp_path / 'results.pkl')
    same(read_scores(tmp_path / 'results.pkl'))
    torch.save(ROWS, tmp_path / 'old.pt', _use_new_zipfile_serialization=False)
    same(read_scores(tmp_path / 'old.pt'))


@pytest.mark.parametrize(('content', 'dtype'), [(METER, np.float32), (METER_ROWS, np.float64)])
def test_predictions_of_pyslowfast(tmp_path, content, dtype):
    path = save(tmp_path / 'predicts.pkl', content)
    same(read_scores(path, IDS), dtype)
    with pytest.raises(PredictionError, match='predicts.pkl: expected narration ids, found 3 rows without ids, .* Name '
                                              'the list that was predicted'):
        read_scores(path)
    with pytest.raises(PredictionError, match='expected a row for each of the 2 segments of the list, found 3 rows'):
        read_scores(path, IDS[:2])


def test_own_file(tmp_path):
    path = tmp_path / 'new' / 'val.npz'
    write_scores(path, ClassScores(IDS, VERB, NOUN))
    same(read_scores(path))
    first = path.read_bytes()
    write_scores(path, ClassScores(IDS, VERB, NOUN))
    assert path.read_bytes() == first
    write_scores(path, ClassScores(IDS, VERB, NOUN.astype(np.float64)))
    same(read_scores(path), np.float64)


def test_file_of_several_lists(tmp_path):
    arrays = {f'{name}/{key}': value for name in ('val', 'test') for key, value in zip(
        ('ids', 'verb', 'noun'), (np.array(IDS), VERB, NOUN), strict=True)}
    np.savez(tmp_path / 'a.npz', **arrays)
    same(read_scores(tmp_path / 'a.npz', subset='test'))
    with pytest.raises(PredictionError, match='expected one list of segments, found val/ids, .*Name the list'):
        read_scores(tmp_path / 'a.npz')
    with pytest.raises(PredictionError, match='expected the arrays words/ids, words/verb, words/noun'):
        read_scores(tmp_path / 'a.npz', subset='words')
    np.savez(tmp_path / 'b.npz', **{key: value for key, value in arrays.items() if key.startswith('val')})
    same(read_scores(tmp_path / 'b.npz'))


@pytest.mark.parametrize(('change', 'message'), [
    (dict(ids=np.arange(3)), r'array ids: expected narration ids as text, \(N,\), found int64 \(3,\)'),
    (dict(ids=np.array(IDS[:2])), 'verb: expected a row of scores for each of the 2 segments, found shape'),
    (dict(ids=np.array([])), 'array ids'), (dict(verb=VERB[:, :0]), 'verb scores of P90_01_0: expected some numbers'),
    (dict(noun=NOUN[0]), r'noun: expected a row of scores .* found shape \(5,\)'),
    (dict(verb=VERB.astype(str)), 'verb scores of P90_01_0: expected a list of numbers, found <U32'),
    (dict(ids=np.array(['a', 'b/c', 'd'])), "row 1: expected a narration id, found 'b/c'")])
def test_wrong_own_files(tmp_path, change, message):
    np.savez(tmp_path / 'a.npz', **dict(ids=np.array(IDS), verb=VERB, noun=NOUN) | change)
    with pytest.raises(PredictionError, match=message):
        read_scores(tmp_path / 'a.npz')


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_a_score_that_is_no_number_names_its_segment(tmp_path, value):
    verb = VERB.copy()
    verb[1:, 2] = value
    with pytest.raises(PredictionError, match=r'a.pkl verb scores of P90_01_1: expected finite numbers, found NaN or '
                                              r'infinity \(2 of 3 segments\)'):
        read_scores(save(tmp_path / 'a.pkl', dict(ARRAYS, verb_output=verb)))


class Gadget:
    def __reduce__(self):
        return os.system, ('true',)


LAUGHS = [[1.0]] * 3
for _ in range(30):
    LAUGHS = [LAUGHS] * 3


@pytest.mark.parametrize(('content', 'message'), [
    ([*ROWS, {'verb_output': VERB[0]}], "entry 3: expected a dictionary with .*found the keys 'verb_output'"),
    ([*ROWS, 3], 'entry 3: expected a dictionary with narration_id, verb_output, noun_output, found 3'),
    ([dict(row, narration_id=7) for row in ROWS], 'row 0: expected a narration id, found 7'),
    ([dict(ROWS[0]), dict(ROWS[1], verb_output=VERB[1, :3])], 'verb scores of P90_01_1: expected 4 numbers, found 3'),
    ([dict(ROWS[0], verb_output='abc')], "verb scores of P90_01_0: expected a list of numbers, found 'abc'"),
    ([dict(ROWS[0], verb_output=['1'])], 'expected a list of numbers, found a list'),
    ([dict(ROWS[0], noun_output=LAUGHS)], 'noun scores of P90_01_0: expected a list of numbers, found a list'),
    (dict(ARRAYS, verb_output=LAUGHS), 'verb scores of P90_01_0: expected a list of numbers, found a list'),
    (dict(ARRAYS, narration_id=3), 'narration_id: expected a list of narration ids, found 3'),
    (dict(ARRAYS, verb_output=3), 'verb: expected a row of scores for each of the 3 segments, found 3'),
    (dict(ARRAYS, verb_output=list(VERB[:2])), 'each of the 3 segments, found 2 rows'),
    (dict(verb=VERB), "expected a dictionary with narration_id, .*found the keys 'verb'"),
    ([], 'expected scores of verbs and nouns: a list of dictionaries'), ('text', "found 'text'"), (3.5, 'found 3.5'),
    ((METER[0],), 'found a tuple of other things'), ((3, [VERB, NOUN]), 'found a tuple of other things'),
    (Gadget(), 'a pickle of arrays, .* the Python object posix.system, .*Nothing of it was executed')])
def test_other_content_is_refused(tmp_path, content, message):
    with pytest.raises(PredictionError, match=message):
        read_scores(save(tmp_path / 'a.pkl', content), IDS)


def test_one_row_a_million_times(tmp_path):
    row = np.zeros(2000, np.float32)
    rows = [row] * 50_000
    with pytest.raises(PredictionError, match='expected 2000 numbers, found 100,000,000 in'):
        read_scores(save(tmp_path / 'a.pkl', dict(verb_output=rows, noun_output=rows,
                                                  narration_id=[f'P{number}' for number in range(50_000)])))


def test_missing_file(tmp_path):
    for name in ('a.npz', 'a.pt', 'a.pkl'):
        with pytest.raises(PredictionError, match=f'{name}: expected .*does not exist'):
            read_scores(tmp_path / name)


def test_scores_in_the_order_of_a_list():
    scores = ClassScores(IDS[::-1], VERB[::-1], NOUN[::-1])
    same(align_scores(scores, IDS))
    assert align_scores(scores, IDS[::-1]) is scores
    with pytest.raises(PredictionError, match=r'a.npz: expected scores of the 2 segments of the list, each once, found '
                                              r'1 missing \(P92\); 2 of no segment of the list \(P91_101_10, P90_01_0'):
        align_scores(scores, ['P90_01_1', 'P92'], 'a.npz')


def test_problems_of_ids():
    assert id_problems(IDS, IDS[::-1]) == []
    assert id_problems(['a', 'b', 'a'], [*'bcdefgh']) == [
        '1 twice (a)', '6 missing (c, d, e, f, g)', '1 of no segment of the list (a)']
