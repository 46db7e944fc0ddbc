"""Scoring protocols of EgoExoLearn action anticipation.

They differ in where the truth comes from. The released lists were written without emptying a buffer between files:
each also holds the rows of the lists made before it, rows of training and of the other view among them. The six CSV
tables are free of that. Which of the two the published numbers were measured on is not known; the sample counts in the
released scripts are those of clean lists, which suggests clean ones but does not prove it.
"""

import dataclasses
from collections.abc import Sequence

from egoexo.errors import ConfigError
from egoexo.evaluation.protocols.base import ClipProtocol, look_up

__all__ = ['PROTOCOLS', 'TRUTHS', 'AnticipationProtocol', 'get_protocols']

#: Where the truth comes from: the CSV tables, the own rows of a released list, or all rows of it.
TRUTHS = ('csv', 'own_rows', 'whole_list')
_UNKNOWN = ('published numbers: not known, as no publication says whether its lists were clean; the sample counts in '
            'the released scripts are those of clean lists')


@dataclasses.dataclass(frozen=True)
class AnticipationProtocol(ClipProtocol):
    """Rules of one protocol.

    Args:
        truth (str): ``'csv'``: ``balanced_full_annotation/<view>_<split>_valid.csv``, rows with a class of the part.
            ``'own_rows'``: the last rows of ``<part>[_gazed]/list_<view>_<split>_ego_exo-feature.txt`` that belong to
            that list. ``'whole_list'``: all rows of that file.
        k (int): Size of the predicted set.
        empty_rows (str): A row without class counts 0 for the samples recall, as released.
    """

    truth: str = 'csv'
    k: int = 5
    empty_rows: str = 'zero'

    def with_k(self, k: int) -> 'AnticipationProtocol':
        """Same protocol with another size of the predicted set, hence another hash.

        Args:
            k (int): At least 1.

        Raises:
            ConfigError: If it is below 1.
        """
        if not isinstance(k, int) or k < 1:
            raise ConfigError(f'k must be a whole number of at least 1, got {k!r}.')
        return dataclasses.replace(self, k=k)


_ALL = (
    AnticipationProtocol(
        name='clean',
        description='Truth from the CSV tables (balanced_full_annotation), so each list holds its own rows only; class '
                    'mean of the top-5 recall over all classes.',
        comparable_with=(_UNKNOWN,)),
    AnticipationProtocol(
        name='stripped',
        description='Truth from the released list files, of which only the last rows, their own, are scored: the same '
                    'rows as clean.',
        comparable_with=('clean, to the last digit, on the released files', _UNKNOWN),
        truth='own_rows'),
    AnticipationProtocol(
        name='as_released',
        description='Truth from all rows of the released list files: val and test are polluted with rows of training '
                    'and of the other view.',
        comparable_with=('what the released scripts print on the released lists', _UNKNOWN),
        truth='whole_list'),
    AnticipationProtocol(
        name='no_invalid',
        description='clean, without the rows that begin less than 3 s into the video, which have neither features nor '
                    'labels; macro and micro recall stay the same.',
        comparable_with=('clean, for macro and micro recall',),
        drop_invalid=True),
)

#: Every protocol by name, the default first.
PROTOCOLS: dict[str, AnticipationProtocol] = {protocol.name: protocol for protocol in _ALL}


def get_protocols(names: Sequence[str] | str) -> tuple[AnticipationProtocol, ...]:
    """Look protocols up.

    Args:
        names (Sequence[str] | str): Names, or one name; ``'all'`` stands for every protocol.

    Returns:
        tuple[AnticipationProtocol, ...]: Each once, in the order asked for.

    Raises:
        ConfigError: If a name is unknown or none is given.

    Examples:
        >>> [protocol.name for protocol in get_protocols('all')]
        ['clean', 'stripped', 'as_released', 'no_invalid']
    """
    return look_up(names, PROTOCOLS, 'anticipation')
