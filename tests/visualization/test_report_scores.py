import json

import numpy as np
import pytest
from report_support import VIDEOS, make_runs, score_all

from egoexo.evaluation.functional.segmentation import count_video, summarise
from egoexo.evaluation.protocols.segmentation import PROTOCOLS
from egoexo.visualization.report_run import read_run
from egoexo.visualization.report_scores import compare_rows, find_rules, other_metrics, read_scores, split_metrics
from egoexo.visualization.report_videos import find_lists, score_videos


@pytest.fixture
def work_dir(tmp_path):
    return make_runs(tmp_path)[0]


def read(work_dir):
    run = read_run(work_dir)
    return read_scores(run, score_videos(run, list(find_lists(run))), num_resamples=200)


def change(work_dir, **changes):
    path = work_dir / 'scalars.json'
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(('key', 'place'), [
    ('ego_val/Acc', ('official', 'ego_val', 'Acc')), ('clean/exo_gaze_test/Edit', ('clean', 'exo_gaze_test', 'Edit')),
    ('ego_val/seen/F1@50', ('official', 'ego_val', 'seen/F1@50')),
    ('my_kitchen/Acc', ('official', 'my_kitchen', 'Acc')),
    ('clean/my_kitchen/Acc_low', ('clean', 'my_kitchen', 'Acc_low'))])
def test_split_metrics(key, place):
    protocol, subset, name = place
    assert split_metrics({key: 1.0}) == {protocol: {subset: {name: 1.0}}}


def test_keys_without_a_list_are_other_metrics():
    metrics = {'time': 4.0, 'coco/bbox_mAP': 0.5, 'ego_val/Acc_low': 1.0}
    assert split_metrics(metrics) == {'official': {'ego_val': {'Acc_low': 1.0}}}
    assert other_metrics(metrics) == {'time': 4.0, 'coco/bbox_mAP': 0.5}


@pytest.mark.parametrize(('name', 'digest', 'expected'), [
    ('official', PROTOCOLS['official'].hash, 'error'),
    ('official', PROTOCOLS['official'].with_pad('repeat_last').hash, 'repeat_last'),
    ('official', PROTOCOLS['clean'].hash, None), ('official', None, None), ('homemade', 'abc', None)])
def test_rules_are_found_by_their_hash(name, digest, expected):
    rules = find_rules(name, digest)
    assert (rules and rules.pad) == expected


def test_intervals_come_from_the_predictions_when_the_test_wrote_none(work_dir):
    book = read(work_dir)
    score = book.scores['official']['ego_val']['Acc']
    # 100 % of 200 frames and 25 % of 200 frames; a resample draws one, both or the other.
    assert score.value == pytest.approx(62.5)
    assert score.interval == (pytest.approx(25), pytest.approx(100))
    assert book.scores['official']['exo_val']['Acc'].interval == (pytest.approx(90), pytest.approx(90))
    assert set(book.counts['official']['ego_val']) == {'e-good', 'e-bad'}
    assert book.num_videos == {'ego_val': 3, 'ego_test': 0, 'exo_val': 1}  # noted by the run, else counted here
    assert book.notes == []


def test_intervals_of_the_test_count(work_dir):
    metrics = score_all({name: pair[1] for name, pair in VIDEOS.items()})
    change(work_dir, metrics=metrics | {'ego_val/Acc_low': 41.0, 'ego_val/Acc_high': 42.0})
    scores = read(work_dir).scores['official']['ego_val']
    assert scores['Acc'].interval == (41.0, 42.0)
    assert scores['Edit'].interval is not None
    assert 'Acc_low' not in scores


def test_predictions_of_another_test_are_not_used(work_dir):
    change(work_dir, metrics={'ego_val/Acc': 61.0})
    book = read(work_dir)
    assert book.scores['official']['ego_val']['Acc'].interval is None
    assert book.counts == {}
    note, = book.notes
    assert note.startswith('predictions.npz gives Acc 62.50 on ego_val, scores file 61.00: they are not of the same')


@pytest.mark.parametrize('protocols', [{'official': 'f00df00df00d'}, {}, None])
def test_unknown_rules_get_no_interval(work_dir, protocols):
    change(work_dir, protocols=protocols)
    book = read(work_dir)
    assert book.scores['official']['ego_val']['Acc'].interval is None
    assert (book.counts, book.notes) == ({}, [])


def test_difference_is_taken_on_the_common_videos():
    rules = PROTOCOLS['official']
    truth = np.repeat([1, 2], 50)
    right, wrong = count_video(truth, truth, rules), count_video(np.full(100, 1), truth, rules)
    found = compare_rows({'a': wrong, 'b': wrong, 'only': right}, {'a': right, 'b': right}, 50)
    assert found['Acc'] == (50.0, 50.0, 50.0)
    expected = summarise([right])['Edit'] - summarise([wrong])['Edit']
    assert found['Edit'] == (expected, expected, expected)
    assert compare_rows({'a': right}, {'b': right}) == {}
