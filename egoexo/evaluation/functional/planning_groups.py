"""Planning scores by protocol, list and decoding."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from egoexo.errors import PredictionError, explain
from egoexo.evaluation.functional.clip_groups import (
    ClipGroup,
    ClipRow,
    RowRules,
    by_list,
    video_intervals,
    video_members,
)
from egoexo.evaluation.functional.planning import (
    best_distances,
    check_logits,
    check_sequences,
    planning_scores,
    repeated_scores,
)
from egoexo.evaluation.functional.planning_decoding import DECODINGS, decode

__all__ = ['JOINT', 'Sampling', 'planning_groups']

#: Decoding of sequences that a planner made itself.
JOINT = 'joint'
_OFFICIAL = DECODINGS[0]


class Rules(RowRules, Protocol):
    """What is asked of a protocol; see ``egoexo.evaluation.protocols.planning``."""

    num_samples: int


class Sampling(NamedTuple):
    """How sequences are made from logits.

    Args:
        decodings (tuple[str, ...]): Of ``planning_decoding.DECODINGS``; the first gives the keys without a decoding.
        seed (int): Seed of the draws.
        num_repeats (int): Draws of the whole list, with the seeds ``seed``, ``seed + 1``, ...; scores are their means.
        num_draws (int): Draws among which ``'expected'`` chooses.
        draw (Callable | None): Other source of the released draws: (logits (n, Z, C), K, seed) -> (n, K, Z).
    """

    decodings: tuple[str, ...] = (_OFFICIAL,)
    seed: int = 0
    num_repeats: int = 1
    num_draws: int = 32
    draw: object = None


def planning_groups(
        rows: Sequence[ClipRow], protocols: Sequence[Rules], sampling: Sampling | None = None, *,
        num_bootstrap: int = 0, seed: int = 0, per_video: bool = False,
        unprefixed: str = 'official') -> list[ClipGroup]:
    """Score every list under every protocol and decoding.

    The sequences of a row are made once and are the same under every protocol. Rows that bring sequences of their own
    (decoding ``'joint'``) are scored on these instead of on independent draws; the keys without a decoding are then
    theirs. Keys: ``<list>/<metric>`` for the first decoding, ``<decoding>/<list>/<metric>`` for the others and for
    ``'joint'``; the name of a protocol other than the official one stands in front.

    Args:
        rows (Sequence[ClipRow]): Rows with targets (Z,) and logits (Z, C), sequences (K, Z), or both.
        protocols (Sequence[Rules]): Rules to score by; they agree on the number of sequences.
        sampling (Sampling | None): How sequences are made; None takes the released way.
        num_bootstrap (int): Lists of videos drawn for the intervals; 0 for none.
        seed (int): Seed of these draws.
        per_video (bool): Also make one record per video.
        unprefixed (str): Protocol whose keys do not name it.

    Returns:
        list[ClipGroup]: Protocol by protocol, list by list, the first decoding first.

    Raises:
        PredictionError: If there is no row, a row comes twice, or a row cannot be scored.
    """
    lists, sampling = by_list(rows), sampling or Sampling()
    num_samples = max(protocol.num_samples for protocol in protocols)
    distances = {subset: _distances(members, num_samples, sampling) for subset, members in lists.items()}
    valid = {subset: [bool((row.target >= 0).any()) for row in members] for subset, members in lists.items()}
    groups = []
    for protocol in protocols:
        for subset, members in lists.items():
            kept = [index for index, row in enumerate(members)
                    if protocol.scores(subset, row.uid, valid[subset][index])]
            chosen = [members[index] for index in kept]
            for number, (decoding, repeats) in enumerate(distances[subset].items() if kept else ()):
                bare = '' if protocol.name == unprefixed else f'{protocol.name}/'
                prefixes = [f'{bare}{subset}'] if not number else []
                prefixes += [f'{bare}{decoding}/{subset}'] if number or decoding == JOINT else []
                groups.append(_score(protocol, decoding, subset, tuple(prefixes), chosen,
                                     [every[kept] for every in repeats], num_bootstrap, seed, per_video))
    return groups


def _distances(rows: Sequence[ClipRow], num_samples: int, sampling: Sampling) -> dict[str, list[np.ndarray]]:
    """Distances (n, Z) of each repeat by decoding, the one without a name in its key first."""
    names = [row.name for row in rows]
    targets = np.stack([row.target for row in rows])
    found: dict[str, list[np.ndarray]] = {}
    decodings = sampling.decodings
    logits = None if rows[0].logits is None else np.stack([row.logits for row in rows])
    if logits is not None:
        check_logits(logits, targets, names)
    if rows[0].sequences is not None:
        sequences = np.stack([row.sequences for row in rows])
        check_sequences(sequences, targets, names, None if logits is None else logits.shape[2])
        if sequences.shape[1] > num_samples:
            raise PredictionError(explain(
                f'sample {names[0]}', f'at most {num_samples} planned sequences, as the protocol says',
                f'{sequences.shape[1]}', 'Keep the best of them, or set num_samples.'))
        found[JOINT] = [best_distances(sequences, targets)]
        decodings = tuple(name for name in decodings if name != _OFFICIAL)
    elif logits is None:
        raise PredictionError(explain(f'sample {names[0]}', 'logits of the coming steps or planned sequences',
                                      'neither', 'Save what the planner predicts.'))
    for decoding in decodings if logits is not None else ():
        repeats = sampling.num_repeats if decoding in ('categorical', 'expected') else 1
        found[decoding] = [best_distances(_sequences(logits, decoding, names, num_samples, sampling, number), targets)
                           for number in range(repeats)]
    return found


def _sequences(logits: np.ndarray, decoding: str, names: Sequence[str], num_samples: int, sampling: Sampling,
               repeat: int) -> np.ndarray:
    seed = sampling.seed + repeat
    if decoding == _OFFICIAL and sampling.draw is not None:
        return sampling.draw(logits, num_samples, seed)
    return decode(logits, decoding, names, num_samples, seed, sampling.num_draws)


def _score(protocol: Rules, decoding: str, subset: str, prefixes: tuple[str, ...], rows: list[ClipRow],
           repeats: list[np.ndarray], num_bootstrap: int, seed: int, per_video: bool) -> ClipGroup:
    members = video_members(rows)
    mean = np.mean(repeats, axis=0)  # the scores are linear in the distances, so their mean has the mean scores
    records = [dict(protocol=protocol.name, decoding=decoding, subset=subset, uid=uid, samples=indices.size)
               | planning_scores(mean[indices]) for uid, indices in members.items()] if per_video else []
    return ClipGroup(
        protocol.name, decoding, subset, prefixes, len(rows), len(members), repeated_scores(repeats),
        video_intervals(rows, lambda weights: planning_scores(mean, weights), num_bootstrap, seed), records)
