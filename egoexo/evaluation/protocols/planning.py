"""Scoring protocols of EgoExoLearn action planning.

Truth: ``planning_annotation/annotation/<split>_<view>[_gaze]_anno_list.txt``, which is free of the defect of the
anticipation lists.
"""

import dataclasses
from collections.abc import Sequence

from egoexo.errors import ConfigError
from egoexo.evaluation.protocols.base import ClipProtocol, look_up
from egoexo.evaluation.protocols.segmentation import LEAKED_VIDEO

__all__ = ['PROTOCOLS', 'PlanningProtocol', 'get_protocols']


@dataclasses.dataclass(frozen=True)
class PlanningProtocol(ClipProtocol):
    """Rules of one protocol.

    Args:
        num_samples (int): Sequences of which the best counts, K.
        distance (str): Cost of insertion, deletion and substitution is 1 each, no transposition.
        area (str): Trapezoids of unit width between ED_1 and ED_Z, divided by Z - 1.
    """

    num_samples: int = 5
    distance: str = 'levenshtein'
    area: str = 'trapezoid'

    def with_num_samples(self, num_samples: int) -> 'PlanningProtocol':
        """Same protocol with another number of sequences, hence another hash.

        Args:
            num_samples (int): K, at least 1.

        Raises:
            ConfigError: If it is below 1.
        """
        if not isinstance(num_samples, int) or num_samples < 1:
            raise ConfigError(f'num_samples must be a whole number of at least 1, got {num_samples!r}.')
        return dataclasses.replace(self, num_samples=num_samples)


_OVERLAP = (('ego_val', LEAKED_VIDEO),)
_ALL = (
    PlanningProtocol(
        name='official',
        description='The released rules: the best of 5 sequences at each horizon; rows that begin less than 2 s into '
                    'the video stay and have edit distance 1.',
        comparable_with=(
            'numbers printed by the released test scripts, within the noise of 5 random draws',
            'published numbers: none is quoted here, as the tables of the paper were not at hand',
        )),
    PlanningProtocol(
        name='no_invalid',
        description='official, without the rows that begin less than 2 s into the video, which have neither features '
                    'nor labels.',
        comparable_with=('ego_val and ego_test: equal to official, which has no such row there',),
        drop_invalid=True),
    PlanningProtocol(
        name='no_overlap',
        description='official, but ego_val without the one video that ego_test holds too.',
        comparable_with=('every list but ego_val: equal to official',),
        exclude=_OVERLAP),
    PlanningProtocol(
        name='clean',
        description='official, without rows that have no context and ego_val without the video that ego_test holds '
                    'too.',
        comparable_with=(),
        drop_invalid=True,
        exclude=_OVERLAP),
)

#: Every protocol by name, the official one first.
PROTOCOLS: dict[str, PlanningProtocol] = {protocol.name: protocol for protocol in _ALL}


def get_protocols(names: Sequence[str] | str) -> tuple[PlanningProtocol, ...]:
    """Look protocols up.

    Args:
        names (Sequence[str] | str): Names, or one name; ``'all'`` stands for every protocol.

    Returns:
        tuple[PlanningProtocol, ...]: Each once, in the order asked for.

    Raises:
        ConfigError: If a name is unknown or none is given.

    Examples:
        >>> [protocol.name for protocol in get_protocols('all')]
        ['official', 'no_invalid', 'no_overlap', 'clean']
    """
    return look_up(names, PROTOCOLS, 'planning')
