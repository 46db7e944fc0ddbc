"""Which verb and noun of EPIC-Kitchens stands for a verb and a noun of LEMMA."""

import os
from typing import NamedTuple

from egoexo.errors import AnnotationError, explain
from egoexo.files import read_json

__all__ = ['EPIC_100', 'LabelMap', 'read_label_map']

_MAX_ID = 10**6


class LabelMap(NamedTuple):
    """Classes of another data set by class of LEMMA; -1 where there is no counterpart.

    Args:
        verbs (tuple[int, ...]): By verb id of LEMMA.
        nouns (tuple[int, ...]): By noun id of LEMMA.
    """

    verbs: tuple[int, ...]
    nouns: tuple[int, ...]


#: Map to EPIC-Kitchens-100 that SUM-L was trained with. Source: the data set code of SUM-L (Wang et al., ICCV 2023).
EPIC_100 = LabelMap(
    verbs=(10, 2, 4, 45, 7, 60, 35, 26, 0, 3, 6, -1, 9, 1, -1, 57, 88, 67, 13, 8, 6, 24, 2, 7, -1),
    nouns=(11, -1, -1, -1, 44, 4, 4, 18, 13, 187, 63, 140, 15, 7, 33, 99, 3, -1, 221, 59, 8, 119, 19, 159, 14, 12, -1,
           183, 106, 249, 6, 6, 249, 120, 6, 28, 90, 64, 155, 167, 5, 201, 2, 153, 221, 164, 247, 63, 182, 1, 24, 29, 6,
           132, 88, 43, 61, 245, -1, 27, 22, 27, 273, 26))


def read_label_map(path: str | os.PathLike) -> LabelMap:
    """Read a map of one's own, for other data than EPIC-Kitchens-100.

    Args:
        path (str | os.PathLike): JSON, ``{"verbs": [...], "nouns": [...]}``: class ids by class of LEMMA, or -1.

    Returns:
        LabelMap: The map.

    Raises:
        AnnotationError: If the file is missing or malformed.
    """
    content = read_json(path, AnnotationError, 'a label map')
    if not isinstance(content, dict) or set(content) != {'verbs', 'nouns'}:
        found = f'the keys {sorted(content)[:8]}' if isinstance(content, dict) else f'a {type(content).__name__}'
        raise AnnotationError(explain(path, 'an object with the keys verbs and nouns', found, 'Correct it.'))
    for name, ids in content.items():
        strange = [value for value in ids if type(value) is not int or not -1 <= value < _MAX_ID] \
            if isinstance(ids, list) else [type(ids).__name__]
        if strange or not ids:
            raise AnnotationError(explain(f'{path} {name}', 'a list of class ids, -1 for none',
                                          repr(strange[0])[:80] if strange else 'an empty one', 'Correct it.'))
    return LabelMap(tuple(content['verbs']), tuple(content['nouns']))
