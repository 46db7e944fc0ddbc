"""Single videos of a segmentation run: in what order to look at them, and what went wrong in each."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from egoexo.evaluation.functional.segmentation import run_starts
from egoexo.visualization.palette import display_name
from egoexo.visualization.report_videos import ScoredVideo

__all__ = ['describe_errors', 'mean_disagreement', 'worst_first']

_TOO_MANY = 1.5  # times as many segments as are true, or as few
_MAX_NAMES = 3


def worst_first(videos: Sequence[ScoredVideo]) -> list[ScoredVideo]:
    """Videos in the order in which they deserve a look.

    Args:
        videos (Sequence[ScoredVideo]): In any order.

    Returns:
        list[ScoredVideo]: By the mean of Acc, Edit and F1, the lowest first.
    """
    return sorted(videos, key=lambda video: video.scores['Avg'])


def describe_errors(truth: np.ndarray, prediction: np.ndarray, class_names: Sequence[str]) -> str:
    """Say in a line what is wrong with a prediction.

    Args:
        truth (np.ndarray): Class ids, int64 (G,), G >= 1.
        prediction (np.ndarray): Class ids, int64 (P,), P >= G.
        class_names (Sequence[str]): Names by id; other ids are called by their number.

    Returns:
        str: The most frequent confusion, a wrong number of segments, classes that were never found; or that there is
        no error.
    """
    prediction = prediction[:len(truth)]
    wrong = np.flatnonzero(truth != prediction)
    if not wrong.size:
        return 'no wrong frame'
    pairs, counts = np.unique(np.stack([truth[wrong], prediction[wrong]]), axis=1, return_counts=True)
    true, found = (int(value) for value in pairs[:, counts.argmax()])
    reasons = [f'{100 * counts.max() / len(truth):.0f} % of the frames are {_name(true, class_names)} taken for '
               f'{_name(found, class_names)}']
    num_true, num_found = run_starts(truth).size, run_starts(prediction).size
    if not num_true / _TOO_MANY < num_found < num_true * _TOO_MANY:
        reasons.append(f'{num_found} predicted segments for {num_true} true ones')
    missed = [_name(int(index), class_names) for index in np.setdiff1d(truth, prediction)]
    if missed:
        more = f' and {len(missed) - _MAX_NAMES} more' if len(missed) > _MAX_NAMES else ''
        reasons.append(f'never predicted: {", ".join(missed[:_MAX_NAMES])}{more}')
    return '; '.join(reasons)


def _name(index: int, class_names: Sequence[str]) -> str:
    return f"'{display_name(class_names[index])}'" if 0 <= index < len(class_names) else f'class {index}'


def mean_disagreement(predictions: Sequence[np.ndarray], length: int) -> float:
    """How far several predictions of one video are apart.

    Args:
        predictions (Sequence[np.ndarray]): Class ids, each int64 (P,), P >= ``length``; at least two.
        length (int): Frames that count.

    Returns:
        float: Share of the frames on which two of them differ, in percent, averaged over all pairs.
    """
    shares = [np.mean(one[:length] != other[:length]) for one, other in combinations(predictions, 2)]
    return 100 * float(np.mean(shares))
