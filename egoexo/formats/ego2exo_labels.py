"""Ids and classes of Ego2Exo segments, by the rules of the notebook that made the benchmark."""

import hashlib
from collections.abc import Mapping

from egoexo.errors import AnnotationError, explain
from egoexo.formats.egoexo4d import TaxonomyNode

__all__ = ['NO_STEP', 'segment_id', 'top_level_names']

#: Step ids from here on stand for no step of the taxonomy.
NO_STEP = 10_000


def segment_id(take_uid: str, index: int) -> int:
    """Number of a segment: the first 32 bits of an MD5 sum.

    Args:
        take_uid (str): Uid of the take.
        index (int): Place of the segment in the take's keystep list, from 0.

    Returns:
        int: From 0 to 2**32 - 1.

    Examples:
        >>> segment_id('fce858fe-d30b-4a72-822d-79c92d29971e', 0)
        1262063359
    """
    return int(hashlib.md5(f'{take_uid}{index}'.encode(), usedforsecurity=False).hexdigest()[:8], 16)


def top_level_names(nodes: Mapping[int, TaxonomyNode], where: str = 'taxonomy') -> dict[int, str]:
    """Name of the top-level step that each leaf of a scenario belongs to.

    Args:
        nodes (Mapping[int, TaxonomyNode]): Taxonomy of one scenario; its root has id 0.
        where (str): What to call it in messages.

    Returns:
        dict[int, str]: Leaf id -> name of its ancestor (or itself) right below the root.

    Raises:
        AnnotationError: If a parent is missing or the parents of a leaf form a ring.
    """
    names = {}
    for leaf, node in nodes.items():
        if not node.is_leaf or node.parent_id is None:
            continue
        steps = 0
        while node.parent_id != 0:
            parent, steps = nodes.get(node.parent_id), steps + 1
            if parent is None or parent.parent_id is None or steps > len(nodes):
                raise AnnotationError(explain(
                    f'{where} node {leaf}', 'a chain of parents that ends at node 0',
                    f'the parent {node.parent_id}, which ' + ('is missing' if parent is None else 'leads nowhere'),
                    'Download the annotations of Ego-Exo4D again.'))
            node = parent
        names[leaf] = node.name
    return names
