"""Formulas of action recognition on EPIC-Kitchens: accuracy of verbs, nouns and actions (pairs of both).

Official for EPIC-100: the evaluation script of epic-kitchens/C1-Action-Recognition (Damen et al., IJCV 2022, arXiv
2006.13256); for the tables of Ego-Exo and SUM-L: the test meter of PySlowFast. Letters in shapes: n segments, C classes
(V verbs, N nouns). Every function takes numpy arrays and rounds nothing.

Ties. The official script sorts ascending with the quicksort of numpy, which is not stable, and reads the result
backwards, so which of two equal scores goes first depends on the version of numpy and on the processor. Up to 16
classes that sort is stable and the higher class id goes first; here it always does, on every machine. Of actions with
equal scores the one with the better verb goes first, then the one with the better noun, so the first action is always
the pair of the first verb and the first noun.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from egoexo.errors import PredictionError, explain

__all__ = ['COMBINE', 'SUBSETS', 'TASKS', 'TOP_K', 'TOP_NOUNS', 'action_ranks', 'check_scores', 'class_counts',
           'label_ranks', 'meter_scores', 'official_scores', 'predicted_classes', 'released_action_ranks',
           'released_ranking', 'subset_masks', 'subset_scores']

TASKS = ('verb', 'noun', 'action')
#: Sizes of the predicted sets.
TOP_K = (1, 5)
#: Lists of segments that the official script scores, with the sizes that it reports there.
SUBSETS = {'all': TOP_K, 'tail': (1,), 'unseen': (1,)}
#: Nouns of a segment that are paired with verbs; an action with another noun is never ranked.
TOP_NOUNS = 100
#: How the scores of a verb and a noun become that of an action.
COMBINE = {'sum': np.add, 'product': np.multiply}

_CHUNK = 64  # segments ranked at once as released: 5 MB of products


def check_scores(scores: np.ndarray, task: str, names: Sequence[str], non_negative: bool = False) -> None:
    """Refuse predictions that cannot be scored; the official script takes NaN and prints 0 % for all actions.

    Args:
        scores (np.ndarray): (n, C).
        task (str): ``'verb'`` or ``'noun'``, for messages.
        names (Sequence[str]): Narration ids for messages, n.
        non_negative (bool): Whether negative scores are refused too, as probabilities have none.

    Raises:
        PredictionError: If the shape does not fit, there is no segment or class, or a score is NaN, infinite or, if
            asked for, negative.
    """
    if scores.ndim != 2 or len(scores) != len(names) or not scores.size:
        raise PredictionError(explain(
            f'{task} scores', f'one row of class scores per segment, shape ({len(names)}, C)', f'{scores.shape}',
            'Predict the list that the truth comes from.'))
    for wrong, expected, found, advice in (
            (~np.isfinite(scores), 'finite', 'NaN or infinity', 'Check the checkpoint that predicted them.'),
            (scores < 0 if non_negative else None, 'non-negative', 'negative ones',
             "Protocol 'probabilities' multiplies scores: take the sums of probabilities, or protocol 'official'.")):
        bad = np.flatnonzero(wrong.any(axis=1)) if wrong is not None else np.empty(0)
        if bad.size:
            raise PredictionError(explain(
                f'segment {names[bad[0]]}', f'{expected} {task} scores',
                f'{found}, as in {bad.size:,} of {len(names):,} segments', advice))


def label_ranks(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Place of the true class among the scores, from 1; among equal scores the higher class id goes first.

    Args:
        scores (np.ndarray): Finite, (n, C).
        labels (np.ndarray): True classes from 0 to C - 1, (n,).

    Returns:
        np.ndarray: (n,) int64.

    Examples:
        >>> label_ranks(np.array([[0.5, 0.5, 0.1]] * 3), np.array([0, 1, 2])).tolist()
        [2, 1, 3]
    """
    own = np.take_along_axis(scores, labels[:, None], axis=1)
    tied_before = (scores == own) & (np.arange(scores.shape[1]) > labels[:, None])
    return 1 + ((scores > own) | tied_before).sum(axis=1)


def predicted_classes(scores: np.ndarray) -> np.ndarray:
    """Class with the highest score, among equal scores that with the highest id; agrees with :func:`label_ranks`.

    Args:
        scores (np.ndarray): Finite, (n, C).

    Returns:
        np.ndarray: (n,) int64.
    """
    return scores.shape[1] - 1 - scores[:, ::-1].argmax(axis=1)


def _pairs(top: int) -> list[tuple[int, int]]:
    """Places (from 0) of a verb and a noun of which at most ``top - 1`` pairs are certain to go first."""
    return [(i, j) for i in range(top) for j in range(top) if (i + 1) * (j + 1) <= top]


def _highest(scores: np.ndarray, top: int) -> np.ndarray:
    """The highest scores of each row, falling, as float64; minus infinity where there are fewer classes."""
    kept = min(top, scores.shape[1])
    values = np.full((len(scores), top), -np.inf)
    values[:, :kept] = -np.sort(-np.partition(scores, scores.shape[1] - kept, axis=1)[:, -kept:], axis=1)
    return values


def action_ranks(verb: np.ndarray, noun: np.ndarray, verb_ranks: np.ndarray, noun_ranks: np.ndarray,
                 combine: str = 'sum', top: int = max(TOP_K)) -> np.ndarray:
    """Place of the true pair among all pairs of a verb and a noun, as far as it is one of the first.

    The official script multiplies softmaxed scores. Within a segment that ranks as the sum of the given scores does:
    softmax keeps differences and its divisor is common to all pairs. Sums of float32 scores are exact in float64 or
    nearly so, whereas the official float32 products of small numbers tie or vanish.

    No more than the pairs at the places i, j (from 1) with i * j <= top need to be looked at: the pair at i, j comes
    after all others at places up to i and up to j, which are i * j - 1. That holds with ties, as these are resolved by
    place too, and with rounding, which never turns an order around.

    Args:
        verb (np.ndarray): Finite, (n, V).
        noun (np.ndarray): Finite, (n, N).
        verb_ranks (np.ndarray): :func:`label_ranks` of the verbs, (n,).
        noun_ranks (np.ndarray): :func:`label_ranks` of the nouns, (n,).
        combine (str): ``'sum'``, or ``'product'`` for scores that are not negative; see :data:`COMBINE`.
        top (int): Places that matter.

    Returns:
        np.ndarray: From 1 to ``top``, and ``top + 1`` for every later place; (n,) int64.

    Examples:
        >>> verb, noun = np.array([[0.7, 0.3]]), np.array([[0.3, 0.5, 0.2]])
        >>> [int(action_ranks(verb, noun, np.array([2]), np.array([rank]))[0]) for rank in (1, 2, 3)]
        [4, 5, 6]
    """
    values = [_highest(scores, top) for scores in (verb, noun)]
    near = verb_ranks * noun_ranks <= top
    places = [np.where(near, ranks, 1) - 1 for ranks in (verb_ranks, noun_ranks)]
    own = COMBINE[combine](*(np.take_along_axis(value, place[:, None], axis=1)[:, 0]
                             for value, place in zip(values, places, strict=True)))
    ranks = np.ones(len(verb), np.int64)
    for i, j in _pairs(top):
        if i >= verb.shape[1] or j >= noun.shape[1]:
            continue
        score = COMBINE[combine](values[0][:, i], values[1][:, j])
        tied_before = (score == own) & ((i < places[0]) | ((i == places[0]) & (j < places[1])))
        ranks += (score > own) | tied_before
    return np.where(near, np.minimum(ranks, top + 1), top + 1)


def _released_probabilities(scores: np.ndarray, kept: int) -> tuple[np.ndarray, np.ndarray]:
    """Classes by falling score and their softmax over the whole array, (n, kept) each, in the type of the scores."""
    order = np.argsort(scores, axis=1, kind='stable')[:, ::-1][:, :kept]
    values = np.take_along_axis(scores, order, axis=1)
    values = np.exp(values - values.max())
    return order, values / values.sum()


def _released_places(verb_probs: np.ndarray, noun_probs: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray]:
    """Places of the verbs and of the nouns of the first actions, (n, top) each, by sorting all products."""
    found = []
    for start in range(0, len(verb_probs), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        products = verb_probs[chunk, :, None] * noun_probs[chunk, None, :]
        order = products.reshape(len(products), -1).argsort(axis=1, kind='stable')[:, ::-1][:, :top]
        found.append(np.unravel_index(order, products.shape[1:]))
    return tuple(np.concatenate(places) for places in zip(*found, strict=True))


def released_ranking(verb: np.ndarray, noun: np.ndarray,
                     top: int = 100) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first actions of each segment, found and scored as the official script does.

    Sorts all products of a segment, the later of equal ones first. The scores depend on the other segments: see
    :func:`released_action_ranks`.

    Args:
        verb (np.ndarray): Finite, (n, V) floating.
        noun (np.ndarray): Finite, (n, N) floating.
        top (int): How many.

    Returns:
        tuple[np.ndarray, np.ndarray, np.ndarray]: Verb classes, noun classes and scores, (n, top) each, scores falling.
    """
    (verbs, verb_probs), (nouns, noun_probs) = (
        _released_probabilities(verb, verb.shape[1]), _released_probabilities(noun, TOP_NOUNS))
    places = _released_places(verb_probs, noun_probs, top)
    scores = (np.take_along_axis(verb_probs, places[0], axis=1) * np.take_along_axis(noun_probs, places[1], axis=1))
    return np.take_along_axis(verbs, places[0], axis=1), np.take_along_axis(nouns, places[1], axis=1), scores


def released_action_ranks(verb: np.ndarray, noun: np.ndarray, verb_labels: np.ndarray, noun_labels: np.ndarray,
                          top: int = max(TOP_K)) -> np.ndarray:
    """Like :func:`action_ranks`, with the arithmetic of the official script.

    It divides by the sum over the WHOLE array of scores instead of one sum per segment. One segment with scores far
    above all others then leaves the products of the others below the smallest float32 number, and the accuracy of
    actions falls to about 0 %, while verbs and nouns keep theirs. What is left then is the order of equal products, for
    which the official numbers differ between machines by a few hits; here the later pair goes first, that is the one
    with the worse verb, then with the worse noun, as in a stable sort read backwards.

    Args:
        verb (np.ndarray): Finite, (n, V) floating; products are made in its type.
        noun (np.ndarray): Finite, (n, N) floating.
        verb_labels (np.ndarray): True verbs, (n,).
        noun_labels (np.ndarray): True nouns, (n,).
        top (int): Places that matter.

    Returns:
        np.ndarray: From 1 to ``top``, and ``top + 1`` for every later place; (n,) int64.
    """
    (verbs, verb_probs), (nouns, noun_probs) = (
        _released_probabilities(verb, verb.shape[1]), _released_probabilities(noun, TOP_NOUNS))
    own = [np.where((order == labels[:, None]).any(axis=1), (order == labels[:, None]).argmax(axis=1), order.size)
           for order, labels in ((verbs, verb_labels), (nouns, noun_labels))]
    candidates = [(i, j) for i, j in _pairs(top + 1) if i < verbs.shape[1] and j < nouns.shape[1]]
    products = np.stack([verb_probs[:, i] * noun_probs[:, j] for i, j in candidates], axis=1)
    # Which of the candidates is the true pair, if one is; its place is the number of higher products.
    true = np.stack([(own[0] == i) & (own[1] == j) for i, j in candidates], axis=1)
    mine = products[np.arange(len(products)), true.argmax(axis=1)]
    ranks = np.where(true.any(axis=1), 1 + (products > mine[:, None]).sum(axis=1), top + 1)
    falling = -np.sort(-products, axis=1)[:, :top + 1]
    tied = np.flatnonzero((falling[:, 1:] >= falling[:, :-1]).any(axis=1))
    if tied.size:
        places = _released_places(verb_probs[tied], noun_probs[tied], top)
        hits = (places[0] == own[0][tied, None]) & (places[1] == own[1][tied, None])
        ranks[tied] = np.where(hits.any(axis=1), 1 + hits.argmax(axis=1), top + 1)
    return np.minimum(ranks, top + 1)


def subset_masks(verb_labels: np.ndarray, noun_labels: np.ndarray, participants: Sequence[str],
                 tail_verbs: Collection[int] | None = None, tail_nouns: Collection[int] | None = None,
                 unseen_participants: Collection[str] | None = None) -> tuple[dict[str, dict[str, np.ndarray]],
                                                                             list[str]]:
    """Segments of each official subset.

    The official script stops with a ValueError at a tail subset without a segment and leaves out ``unseen_*`` with a
    warning; here either is left out with a note.

    Args:
        verb_labels (np.ndarray): True verbs, (n,).
        noun_labels (np.ndarray): True nouns, (n,).
        participants (Sequence[str]): Who recorded each segment, n.
        tail_verbs (Collection[int] | None): Rare verb classes; None if they are not known.
        tail_nouns (Collection[int] | None): Rare noun classes.
        unseen_participants (Collection[str] | None): Who is in no training list.

    Returns:
        tuple[dict[str, dict[str, np.ndarray]], list[str]]: Subset -> task -> (n,) bool, and notes on what is absent.
        An action is in the tail if its verb or its noun is.
    """
    everything = np.ones(len(verb_labels), bool)
    masks = {'all': dict.fromkeys(TASKS, everything)}
    notes: list[str] = []
    tail = {task: np.isin(labels, sorted(classes)) for task, labels, classes in (
        ('verb', verb_labels, tail_verbs), ('noun', noun_labels, tail_nouns)) if classes is not None}
    notes += [f'no list of tail {task}s: no tail_{task} and no tail_action accuracy' for task in ('verb', 'noun')
              if task not in tail]
    if len(tail) == 2:
        tail['action'] = tail['verb'] | tail['noun']
    notes += [f'no segment with a tail {task}: no tail_{task} accuracy' for task, mask in tail.items()
              if not mask.any()]
    masks['tail'] = {task: mask for task, mask in tail.items() if mask.any()}
    if unseen_participants is None:
        notes.append('no list of unseen participants: no unseen accuracies')
        return masks, notes
    unseen = np.isin(np.asarray(participants, dtype=np.str_), np.array(sorted(unseen_participants), dtype=np.str_))
    if unseen.any():
        masks['unseen'] = dict.fromkeys(TASKS, unseen)
    else:
        notes.append(f'no segment of an unseen participant ({", ".join(sorted(unseen_participants)) or "empty list"}): '
                     'no unseen accuracies. The ids have to be those of this split')
    return masks, notes


def subset_scores(subset: str, task: str, ranks: np.ndarray, weights: np.ndarray | None = None) -> dict[str, float]:
    """The numbers of the official script for one task on one subset.

    Args:
        subset (str): One of :data:`SUBSETS`.
        task (str): One of :data:`TASKS`.
        ranks (np.ndarray): Place of the truth in the segments of the subset, (n,), n >= 1.
        weights (np.ndarray | None): How often each segment counts, (n,) integers, not all 0.

    Returns:
        dict[str, float]: Percent.

    Examples:
        >>> subset_scores('all', 'verb', np.array([1, 4, 9, 1]))
        {'all_verb_accuracy_at_1': 50.0, 'all_verb_accuracy_at_5': 75.0}
    """
    return {f'{subset}_{task}_accuracy_at_{k}': _percent(ranks <= k, weights) for k in SUBSETS[subset]}


def official_scores(ranks: Mapping[str, np.ndarray], masks: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, float]:
    """The numbers of the official script.

    Args:
        ranks (Mapping[str, np.ndarray]): Place of the truth by task, (n,) each.
        masks (Mapping[str, Mapping[str, np.ndarray]]): Of :func:`subset_masks`.

    Returns:
        dict[str, float]: Percent; ``'all_verb_accuracy_at_1'`` and so on, twelve if no subset is absent.
    """
    return {name: value for subset, tasks in masks.items() for task, mask in tasks.items()
            for name, value in subset_scores(subset, task, ranks[task][mask]).items()}


def _percent(hits: np.ndarray, weights: np.ndarray | None) -> float:
    weights = np.ones(hits.size, np.int64) if weights is None else weights
    return 100 * (int(weights[hits].sum()) / int(weights.sum()))


def meter_scores(verb_ranks: np.ndarray, noun_ranks: np.ndarray,
                 weights: np.ndarray | None = None) -> dict[str, float]:
    """What the PySlowFast code of Ego-Exo and SUM-L prints.

    Args:
        verb_ranks (np.ndarray): :func:`label_ranks` of the verbs, (n,).
        noun_ranks (np.ndarray): :func:`label_ranks` of the nouns, (n,).
        weights (np.ndarray | None): How often each segment counts, (n,) integers.

    Returns:
        dict[str, float]: Percent. ``both_top5`` counts segments whose verb is among the first five verbs and whose noun
        is among the first five nouns, which is no action accuracy.

    Examples:
        >>> meter_scores(np.array([1, 6]), np.array([2, 1]))['noun_top1']
        50.0
    """
    places = dict(verb=verb_ranks, noun=noun_ranks, both=np.maximum(verb_ranks, noun_ranks))
    return {f'{name}_top{k}': _percent(place <= k, weights) for name, place in places.items() for k in TOP_K}


def class_counts(labels: np.ndarray, ranks: np.ndarray, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Segments of each class, and how many of them are recognised.

    Args:
        labels (np.ndarray): True classes, (n,).
        ranks (np.ndarray): :func:`label_ranks`, (n,).
        num_classes (int): C.

    Returns:
        tuple[np.ndarray, np.ndarray]: Recognised and all, (C,) int64 each.
    """
    return (np.bincount(labels[ranks == 1], minlength=num_classes), np.bincount(labels, minlength=num_classes))
