"""Scoring protocols of EgoExoLearn temporal action segmentation."""

import dataclasses

from egoexo.errors import ConfigError
from egoexo.evaluation.protocols.base import Protocol

__all__ = ['LEAKED_VIDEO', 'PROTOCOLS', 'SegmentationProtocol', 'get_protocols']

#: The one video that the release lists for validation (ego_val) and for testing (ego_test, ego_gaze_test).
LEAKED_VIDEO = 'bee95524-ac78-11ee-819f-80615f12b59e'


@dataclasses.dataclass(frozen=True)
class SegmentationProtocol(Protocol):
    """Rules of one protocol; the defaults are those of the released evaluator.

    Args:
        ends (str): ``'official'``: the last segment of a video ends one frame early; ``'exact'``: where it ends.
        background (int | None): Class whose segments Edit and F1 skip; None scores every class. Acc always counts all.
        drop_last_line (bool): Score without the last label of each file, which the released reader loses.
        pad (str): Prediction shorter than the truth: ``'error'``, or ``'repeat_last'`` repeats its last label.
        empty_gt (str): Truth without any segment to find (possible only with ``background``): ``'error'``, or
            ``'count'`` takes every predicted segment as false, and nothing against nothing as Edit 100.
        thresholds (tuple[float, ...]): Overlaps at which F1 is taken.
        exclude (tuple[tuple[str, str], ...]): Pairs (subset, uid) left out.
        scored_as (tuple[tuple[str, str], ...]): Pairs (subset, name it is reported under). When given, other subsets
            are not scored.
    """

    ends: str = 'official'
    background: int | None = None
    drop_last_line: bool = True
    pad: str = 'error'
    empty_gt: str = 'error'
    thresholds: tuple[float, ...] = (0.1, 0.25, 0.5)
    exclude: tuple[tuple[str, str], ...] = ()
    scored_as: tuple[tuple[str, str], ...] = ()

    def reported_subset(self, subset: str) -> str | None:
        """Name under which a list is reported; None if this protocol does not score it.

        Args:
            subset (str): List the video comes from, e.g. ``'ego_val'``.
        """
        return dict(self.scored_as).get(subset) if self.scored_as else subset

    def scores(self, subset: str, uid: str) -> bool:
        """Whether a video of a list is scored.

        Args:
            subset (str): List the video comes from.
            uid (str): Official uid.
        """
        return self.reported_subset(subset) is not None and (subset, uid) not in self.exclude

    def with_pad(self, pad: str) -> 'SegmentationProtocol':
        """Same protocol with another rule for short predictions, hence another hash.

        Args:
            pad (str): ``'error'`` or ``'repeat_last'``.

        Raises:
            ConfigError: For any other value.

        Examples:
            >>> official = PROTOCOLS['official']
            >>> official.with_pad('repeat_last').hash == official.hash
            False
        """
        if pad not in ('error', 'repeat_last'):
            raise ConfigError(f"pad must be 'error' or 'repeat_last', got {pad!r}.")
        return dataclasses.replace(self, pad=pad)


_ALL = (
    SegmentationProtocol(
        name='official',
        description='The released evaluator on the list it is given: the last label of each file is lost, the last '
                    'segment ends one frame early, class 0 is scored as an action.',
        comparable_with=(
            'val lists: numbers printed by the released evaluator without --test',
            'test lists: no number of the released evaluator, whose --test scores the val lists',
        )),
    SegmentationProtocol(
        name='clean',
        description='official, but ego_val without the one video that ego_test holds too.',
        comparable_with=(
            'exo and gaze lists: equal to official, so the same numbers',
            'ego_val: no published number',
        ),
        exclude=(('ego_val', LEAKED_VIDEO),)),
    SegmentationProtocol(
        name='official_test_bug',
        description='The released --test option: it predicts and scores the val videos and reports them as test.',
        comparable_with=('numbers printed by the released *_test.sh scripts, called test but measured on val',),
        scored_as=(('ego_val', 'ego_test'), ('ego_gaze_val', 'ego_gaze_test'), ('exo_val', 'exo_test'))),
    SegmentationProtocol(
        name='fixed_ends',
        description='official, but the last segment ends where it ends, so the truth scores 100 against itself.',
        comparable_with=(),
        ends='exact'),
    SegmentationProtocol(
        name='no_background',
        description='official, but Edit and F1 skip segments of class 0, as on data sets that name a background; '
                    'Acc counts all frames.',
        comparable_with=(),
        background=0,
        empty_gt='count'),
    SegmentationProtocol(
        name='all_frames',
        description='official, but the last label of each file is kept.',
        comparable_with=(),
        drop_last_line=False),
)

#: Every protocol by name, the official one first.
PROTOCOLS: dict[str, SegmentationProtocol] = {protocol.name: protocol for protocol in _ALL}


def get_protocols(names: tuple[str, ...] | list[str] | str) -> tuple[SegmentationProtocol, ...]:
    """Look protocols up.

    Args:
        names (tuple[str, ...] | list[str] | str): Names, or one name; ``'all'`` stands for every protocol.

    Returns:
        tuple[SegmentationProtocol, ...]: Each once, in the order asked for.

    Raises:
        ConfigError: If a name is unknown or none is given.

    Examples:
        >>> [protocol.name for protocol in get_protocols('all')][:3]
        ['official', 'clean', 'official_test_bug']
        >>> get_protocols(['official'])[0].hash
        '8e2b3a571728'
    """
    names = [names] if isinstance(names, str) else list(names)
    names = list(dict.fromkeys(other for name in names for other in (PROTOCOLS if name == 'all' else [name])))
    unknown = [name for name in names if name not in PROTOCOLS]
    if unknown or not names:
        raise ConfigError(f'unknown segmentation protocol {", ".join(map(repr, unknown)) or "(none given)"}; '
                          f"known: {', '.join(PROTOCOLS)}, or 'all'.")
    return tuple(PROTOCOLS[name] for name in names)
