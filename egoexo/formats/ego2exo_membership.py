"""Which training segments of Ego2Exo are seen from which side: not drawn again, but taken from released files.

The benchmark drew its two training lists at random without a seed. The pseudo-label files of LaGTran name every segment
of both, in order, and a segment's id can be traced back to its take and index.
"""

import os
from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from egoexo.errors import AnnotationError, explain
from egoexo.formats.pseudo_labels import read_pseudo_labels

__all__ = ['Membership', 'pick_members', 'read_membership']

_Row = TypeVar('_Row')
_EXAMPLES = 5


class Membership(NamedTuple):
    """Segment ids of the training lists, in order."""

    exo_train: tuple[int, ...]
    ego_train: tuple[int, ...]


def read_membership(ego_exo: str | os.PathLike, exo_ego: str | os.PathLike, num_classes: int) -> Membership:
    """Read the lists out of two pseudo-label files.

    Args:
        ego_exo (str | os.PathLike): Pseudo-labels made by ego for exo; its ids are the exo training list.
        exo_ego (str | os.PathLike): Pseudo-labels made by exo for ego; its ids are the ego training list.
        num_classes (int): Class ids of the files run from 0 to ``num_classes - 1``.

    Returns:
        Membership: Ids in file order.

    Raises:
        AnnotationError: If a file is missing or malformed, or a segment is in both.
    """
    lists = [tuple(read_pseudo_labels(path, num_classes=num_classes).labels) for path in (ego_exo, exo_ego)]
    both = [key for key in lists[0] if key in set(lists[1])] if not set(lists[0]).isdisjoint(lists[1]) else []
    if both:
        raise AnnotationError(explain(
            exo_ego, f'no segment of {os.path.basename(ego_exo)}', f'{len(both):,} of them (first {both[:_EXAMPLES]})',
            'Give the two files of one data set, ego to exo first.'))
    return Membership(*lists)


def pick_members(membership: Membership, kept: Mapping[int, _Row],
                 dropped: Mapping[int, str]) -> tuple[list[_Row], list[_Row]]:
    """Rows of the two lists.

    Args:
        membership (Membership): The lists.
        kept (Mapping[int, object]): Usable segments by id.
        dropped (Mapping[int, str]): Why each other segment of the annotations cannot be used, by id.

    Returns:
        tuple[list, list]: Rows of ``exo_train`` and of ``ego_train``.

    Raises:
        AnnotationError: If an id belongs to no segment or to one that cannot be used; counts both kinds.
    """
    ids = [*membership.exo_train, *membership.ego_train]
    wrong: dict[str, list[int]] = {}
    for key in ids:
        if key not in kept:
            wrong.setdefault(dropped.get(key, 'of no segment of these takes'), []).append(key)
    if wrong:
        found = '; '.join(f'{len(keys):,} {reason} (first {keys[:_EXAMPLES]})' for reason, keys in wrong.items())
        raise AnnotationError(explain(
            'membership files', f'ids of {len(ids):,} segments of the annotations with an allowed class', found,
            'The annotations may be of another release, or the takes other ones. Use --no-membership to draw the two '
            'lists anew.'))
    return [kept[key] for key in membership.exo_train], [kept[key] for key in membership.ego_train]
