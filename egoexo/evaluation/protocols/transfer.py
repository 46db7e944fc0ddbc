"""Scoring protocols of segment classification across domains (Ego2Exo).

They differ in the class mean only. ``top1`` and ``top5`` are shares of all segments of a list under each of them.
"""

import dataclasses
from collections.abc import Sequence

from egoexo.evaluation.protocols.base import ClipProtocol, look_up

__all__ = ['PROTOCOLS', 'TransferProtocol', 'get_protocols']


@dataclasses.dataclass(frozen=True)
class TransferProtocol(ClipProtocol):
    """Rules of one protocol.

    Args:
        absent (str): What a class without a segment does to the class mean: ``'zero'``, ``'ignore'`` or ``'distinct'``;
            see :func:`egoexo.evaluation.functional.transfer.class_mean`.
        top_k (int): Size of the larger predicted set.
        ties (str): Among equal scores the lower class id goes first.
    """

    absent: str = 'zero'
    top_k: int = 5
    ties: str = 'lower_id'


_UNKNOWN = ('published Ego2Exo numbers: the metric behind them is not stated; those from ego to exo lie below the '
            'share of the most frequent class, so they are most likely mean_class_acc')
_ALL = (
    TransferProtocol(
        name='official',
        description='The released test script: top-1 and top-5 over all segments, mean accuracy over all classes, of '
                    'which those without a segment count 0.',
        comparable_with=('numbers printed by the released test script', _UNKNOWN)),
    TransferProtocol(
        name='ignore_absent',
        description='official, but the class mean leaves out classes without a segment.',
        comparable_with=('official, on lists where every class occurs',),
        absent='ignore'),
    TransferProtocol(
        name='legacy_numclass0',
        description='official, but the class mean is taken over the classes 0 to D - 1, D being the number of classes '
                    'that occur, as the released validation does during training.',
        comparable_with=('numbers that the released training prints at its validations',
                         'official, on lists where every class occurs'),
        absent='distinct'),
)

#: Every protocol by name, the official one first.
PROTOCOLS: dict[str, TransferProtocol] = {protocol.name: protocol for protocol in _ALL}


def get_protocols(names: Sequence[str] | str) -> tuple[TransferProtocol, ...]:
    """Look protocols up.

    Args:
        names (Sequence[str] | str): Names, or one name; ``'all'`` stands for every protocol.

    Returns:
        tuple[TransferProtocol, ...]: Each once, in the order asked for.

    Raises:
        ConfigError: If a name is unknown or none is given.

    Examples:
        >>> [protocol.name for protocol in get_protocols('all')]
        ['official', 'ignore_absent', 'legacy_numclass0']
    """
    return look_up(names, PROTOCOLS, 'transfer')
