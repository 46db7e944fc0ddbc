"""Scoring protocols of action recognition on EPIC-Kitchens.

They differ in how the score of an action is made of those of its verb and its noun, and in what is reported. Accuracies
of verbs and nouns are the same numbers under each of them.
"""

import dataclasses
from collections.abc import Sequence

from egoexo.evaluation.protocols.base import Protocol, look_up

__all__ = ['PROTOCOLS', 'RecognitionProtocol', 'get_protocols']


@dataclasses.dataclass(frozen=True)
class RecognitionProtocol(Protocol):
    """Rules of one protocol.

    Args:
        action (str): What ranks the actions of a segment. ``'sum'`` or ``'product'`` of the scores of verb and noun;
            ``'released'``: product of softmax values that are divided by the sum over all segments, in the type of the
            scores; ``'none'``: actions are not ranked.
        report (str): ``'official'``: the twelve numbers by subset; ``'meter'``: top-1 and top-5 of verb, noun and both.
        top_k (tuple[int, ...]): Sizes of the predicted sets.
        top_nouns (int): Nouns of a segment that an action may have.
        ties (str): Among equal scores the higher class id goes first.
    """

    action: str = 'sum'
    report: str = 'official'
    top_k: tuple[int, ...] = (1, 5)
    top_nouns: int = 100
    ties: str = 'higher_id'


_CHALLENGE = 'EPIC-100 challenge and papers that used its script (C1-Action-Recognition), on the same split'
_ALL = (
    RecognitionProtocol(
        name='official',
        description='The EPIC-100 script: verb, noun and action on all segments, on those of tail classes and of '
                    'unseen participants; an action ranks by the sum of the two scores as they are given, so that '
                    'logits and probabilities differ in action_accuracy_at_5. Each segment is scored by itself.',
        comparable_with=(_CHALLENGE, 'verb and noun: also the tables of Ego-Exo and SUM-L')),
    RecognitionProtocol(
        name='global_softmax',
        description='official, with the arithmetic of the released script: softmax over the array of all segments, so '
                    'one very confident segment can bring the action accuracies of all others to 0.',
        comparable_with=('numbers printed by that script, down to a few hits among products that tie',
                         'official, where no segment is that confident'),
        action='released'),
    RecognitionProtocol(
        name='probabilities',
        description='official, but an action ranks by the product of the two scores, which have to be probabilities '
                    'or sums of them: what the script gives for their logarithms.',
        comparable_with=(f'{_CHALLENGE} and submitted log-probabilities or logits of one clip',
                         'EPIC-55 action accuracies, where papers multiply probabilities'),
        action='product'),
    RecognitionProtocol(
        name='meter',
        description='The test meter of PySlowFast: verb and noun on all segments, and how often both are in the '
                    'predicted sets, which is no action accuracy.',
        comparable_with=('the tables in the READMEs of Ego-Exo and SUM-L, EPIC-55 and EPIC-100 validation',
                         'EPIC-100 challenge: no number but those of verb and noun'),
        action='none', report='meter'),
)

#: Every protocol by name, the official one first.
PROTOCOLS: dict[str, RecognitionProtocol] = {protocol.name: protocol for protocol in _ALL}


def get_protocols(names: Sequence[str] | str) -> tuple[RecognitionProtocol, ...]:
    """Look protocols up.

    Args:
        names (Sequence[str] | str): Names, or one name; ``'all'`` stands for every protocol.

    Returns:
        tuple[RecognitionProtocol, ...]: Each once, in the order asked for.

    Raises:
        ConfigError: If a name is unknown or none is given.

    Examples:
        >>> [protocol.name for protocol in get_protocols('all')]
        ['official', 'global_softmax', 'probabilities', 'meter']
    """
    return look_up(names, PROTOCOLS, 'recognition')
