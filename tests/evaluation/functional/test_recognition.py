"""Formulas of recognition: against a plain transcription of the official rules, with ties, few classes, bad input."""

import numpy as np
import pytest

from egoexo.errors import PredictionError
from egoexo.evaluation.functional.recognition import (
    TOP_NOUNS,
    action_ranks,
    check_scores,
    class_counts,
    label_ranks,
    meter_scores,
    official_scores,
    predicted_classes,
    released_action_ranks,
    released_ranking,
    subset_masks,
    subset_scores,
)


def make(num: int = 60, num_verbs: int = 9, num_nouns: int = 12, seed: int = 0,
         steps: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Verb and noun scores and labels; with ``steps``, scores take so many values and tie a lot."""
    rng = np.random.default_rng(seed)
    scores = []
    labels = [rng.integers(0, count, num) for count in (num_verbs, num_nouns)]
    for count, label in zip((num_verbs, num_nouns), labels, strict=True):
        values = rng.standard_normal((num, count)) if not steps else rng.integers(0, steps, (num, count)).astype(float)
        values[np.arange(num), label] += rng.random(num) < 0.5
        scores.append(values.astype(np.float32))
    return *scores, *labels


def transcribed(verb: np.ndarray, noun: np.ndarray, verb_label: int, noun_label: int, product: bool = False) -> int:
    """Place of the true pair when all pairs of a segment are listed and sorted, from 1."""
    orders = [np.argsort(scores, kind='stable')[::-1].tolist() for scores in (verb, noun)]
    pairs = [(-(float(verb[v]) * float(noun[n]) if product else float(verb[v]) + float(noun[n])), i, j, v, n)
             for i, v in enumerate(orders[0]) for j, n in enumerate(orders[1][:TOP_NOUNS])]
    return [pair[3:] for pair in sorted(pairs)].index((verb_label, noun_label)) + 1


@pytest.mark.parametrize('steps', [0, 2, 5])
def test_label_ranks_are_those_of_a_stable_sort_read_backwards(steps: int) -> None:
    scores, _, labels, _ = make(steps=steps)
    order = np.argsort(scores, axis=1, kind='stable')[:, ::-1]
    assert label_ranks(scores, labels).tolist() == (1 + (order == labels[:, None]).argmax(axis=1)).tolist()
    assert predicted_classes(scores).tolist() == order[:, 0].tolist()


@pytest.mark.parametrize('size', [(9, 12), (1, 3), (3, 1), (2, 2), (40, 120)])
@pytest.mark.parametrize('steps', [0, 2, 6])
@pytest.mark.parametrize('combine', ['sum', 'product'])
def test_action_ranks_are_those_of_all_pairs(size: tuple[int, int], steps: int, combine: str) -> None:
    verb, noun, verbs, nouns = make(24, *size, steps=steps)
    if combine == 'product':
        verb, noun = np.abs(verb), np.abs(noun)
    ranks = [label_ranks(verb, verbs), label_ranks(noun, nouns)]
    keep = ranks[1] <= TOP_NOUNS
    for top in (1, 5, 7):
        found = action_ranks(verb, noun, *ranks, combine, top)
        expected = [min(transcribed(*row, combine == 'product'), top + 1) if kept else top + 1
                    for kept, *row in zip(keep, verb, noun, verbs, nouns, strict=True)]
        assert found.tolist() == expected


def test_first_action_is_the_pair_of_the_first_verb_and_noun() -> None:
    verb, noun, verbs, nouns = make(200, steps=2)
    ranks = [label_ranks(verb, verbs), label_ranks(noun, nouns)]
    assert ((action_ranks(verb, noun, *ranks) == 1) == ((ranks[0] == 1) & (ranks[1] == 1))).all()


def test_logits_and_probabilities_differ_in_action_at_5_alone() -> None:
    verb, noun, verbs, nouns = make(3000, 30, 40)
    probs = [np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True) for scores in (verb, noun)]
    ranks = [label_ranks(verb, verbs), label_ranks(noun, nouns)]
    logits, softmaxed = action_ranks(verb, noun, *ranks), action_ranks(*probs, *ranks)
    assert ((logits == 1) == (softmaxed == 1)).all() and ((logits <= 5) != (softmaxed <= 5)).any()
    assert ((action_ranks(*probs, *ranks, 'product') <= 5) == (logits <= 5)).all()


def test_row_constants_do_not_matter_and_large_scores_do_not_overflow() -> None:
    verb, noun, verbs, nouns = make(60)
    ranks = [label_ranks(verb, verbs), label_ranks(noun, nouns)]
    shifted = verb.astype(np.float64) + 2.0**20 * np.arange(60)[:, None]
    assert (action_ranks(shifted, noun, *ranks) == action_ranks(verb, noun, *ranks)).all()
    assert (action_ranks(verb.astype(np.float64) * 2.0**600, noun * 2.0**100, *ranks) > 0).all()


@pytest.mark.parametrize('steps', [0, 3])
@pytest.mark.parametrize('size', [(9, 12), (2, 2), (30, 120)])
def test_released_ranks_are_those_of_the_released_ranking(size: tuple[int, int], steps: int) -> None:
    verb, noun, verbs, nouns = make(40, *size, steps=steps)
    top_verbs, top_nouns, scores = released_ranking(verb, noun)
    assert (np.diff(scores, axis=1) <= 0).all() and scores.dtype == np.float32
    hits = (top_verbs[:, :5] == verbs[:, None]) & (top_nouns[:, :5] == nouns[:, None])
    expected = np.where(hits.any(axis=1), 1 + hits.argmax(axis=1), 6)
    assert (released_action_ranks(verb, noun, verbs, nouns) == expected).all()
    if not steps:
        ranks = [label_ranks(verb, verbs), label_ranks(noun, nouns)]
        assert (expected == action_ranks(verb, noun, *ranks)).all()


def test_one_confident_segment_ruins_the_released_actions_only() -> None:
    verb, noun, verbs, nouns = make(300, 20, 30)
    verb[np.arange(300), verbs] += 5
    noun[np.arange(300), nouns] += 5
    ranks = [label_ranks(verb, verbs), label_ranks(noun, nouns)]
    before = action_ranks(verb, noun, *ranks)
    verb[0] += 60
    noun[0] += 60
    assert (action_ranks(verb, noun, *ranks) == before).all() and (before == 1).mean() > 0.9
    assert (released_action_ranks(verb, noun, verbs, nouns) == 1).mean() < 0.02
    double = released_action_ranks(verb.astype(np.float64), noun.astype(np.float64), verbs, nouns)
    assert (double == before).all()


def test_subsets() -> None:
    verbs, nouns = np.array([0, 1, 2, 0]), np.array([5, 5, 6, 7])
    masks, notes = subset_masks(verbs, nouns, ['P01', 'P18', 'P01', 'P18'], {1}, {7, 9}, {'P18'})
    assert {task: mask.tolist() for task, mask in masks['tail'].items()} == {
        'verb': [False, True, False, False], 'noun': [False, False, False, True],
        'action': [False, True, False, True]}
    assert masks['unseen']['action'].tolist() == [False, True, False, True] and notes == []
    assert list(masks) == ['all', 'tail', 'unseen']


@pytest.mark.parametrize(('lists', 'absent', 'note'), [
    ((None, {7}, {'P18'}), {'tail_verb', 'tail_action'}, 'no list of tail verbs: no tail_verb and no tail_action'),
    (({1}, None, {'P18'}), {'tail_noun', 'tail_action'}, 'no list of tail nouns: no tail_noun'),
    (({9}, {7}, {'P18'}), {'tail_verb'}, 'no segment with a tail verb: no tail_verb accuracy'),
    (({9}, {9}, {'P18'}), {'tail_verb', 'tail_noun', 'tail_action'}, 'no segment with a tail action: no tail_action'),
    (({1}, {7}, None), {'unseen_verb', 'unseen_noun', 'unseen_action'}, 'no list of unseen participants'),
    (({1}, {7}, {'P33', 'P34'}), {'unseen_verb', 'unseen_noun', 'unseen_action'},
     'no segment of an unseen participant (P33, P34): no unseen accuracies. The ids have to be those of this split'),
])
def test_subsets_that_are_absent(lists: tuple, absent: set[str], note: str) -> None:
    masks, notes = subset_masks(np.array([0, 1]), np.array([7, 2]), ['P18', 'P01'], *lists)
    names = {f'{subset}_{task}' for subset, tasks in masks.items() for task in tasks}
    everything = {f'{subset}_{task}' for subset in ('all', 'tail', 'unseen') for task in ('verb', 'noun', 'action')}
    assert everything - names == absent
    assert any(note in found for found in notes), notes


def test_scores_and_their_order() -> None:
    ranks = dict(verb=np.array([1, 1, 6]), noun=np.array([1, 2, 1]), action=np.array([1, 2, 6]))
    masks, _ = subset_masks(np.array([0, 1, 1]), np.array([0, 0, 1]), ['P01', 'P02', 'P02'], {1}, {0}, {'P01'})
    scores = official_scores(ranks, masks)
    assert list(scores) == [f'all_{task}_accuracy_at_{k}' for task in ('verb', 'noun', 'action') for k in (1, 5)] + [
        f'{subset}_{task}_accuracy_at_1' for subset in ('tail', 'unseen') for task in ('verb', 'noun', 'action')]
    assert scores['all_verb_accuracy_at_1'] == scores['all_action_accuracy_at_5'] == 100 * (2 / 3)
    assert scores['tail_verb_accuracy_at_1'] == 50 and scores['unseen_noun_accuracy_at_1'] == 100
    assert subset_scores('all', 'verb', ranks['verb'], np.array([0, 0, 2])) == {
        'all_verb_accuracy_at_1': 0.0, 'all_verb_accuracy_at_5': 0.0}


def test_meter_counts_both_in_the_sets() -> None:
    scores = meter_scores(np.array([1, 4, 6, 1]), np.array([5, 1, 1, 1]))
    assert scores == {'verb_top1': 50.0, 'verb_top5': 75.0, 'noun_top1': 75.0, 'noun_top5': 100.0, 'both_top1': 25.0,
                      'both_top5': 75.0}
    assert meter_scores(np.array([1, 2]), np.array([1, 2]), np.array([3, 1]))['both_top1'] == 75


def test_class_counts() -> None:
    correct, support = class_counts(np.array([2, 2, 0]), np.array([1, 3, 1]), 4)
    assert correct.tolist() == [1, 0, 1, 0] and support.tolist() == [1, 0, 2, 0]


@pytest.mark.parametrize(('scores', 'options', 'message'), [
    (np.zeros((2, 3, 1)), {}, r'verb scores: expected one row of class scores per segment, shape \(2, C\), found'),
    (np.zeros((3, 3)), {}, r'found \(3, 3\)'), (np.zeros((2, 0)), {}, r'found \(2, 0\)'),
    (np.array([[0, 1], [np.nan, 0]]), {},
     'segment P01_11_1: expected finite verb scores, found NaN or infinity, as in 1 of 2'),
    (np.array([[np.inf, 1], [np.nan, 0]]), {}, 'segment P01_11_0: .* as in 2 of 2'),
    (np.array([[0, 1], [-1, 0]]), dict(non_negative=True),
     "P01_11_1: expected non-negative verb scores, found negative ones.*take the sums of probabilities, or protocol"),
])
def test_scores_that_are_refused(scores: np.ndarray, options: dict, message: str) -> None:
    with pytest.raises(PredictionError, match=message):
        check_scores(scores, 'verb', ['P01_11_0', 'P01_11_1'], **options)


def test_no_segment() -> None:
    with pytest.raises(PredictionError, match=r'shape \(0, C\)'):
        check_scores(np.zeros((0, 5)), 'noun', [])
