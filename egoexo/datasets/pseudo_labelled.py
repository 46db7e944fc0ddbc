"""Labels that another classifier gave to the samples of a list."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmengine.logging import print_log

from egoexo.errors import AnnotationError, explain
from egoexo.formats.pseudo_labels import read_pseudo_labels

__all__ = ['PHASE', 'find_pseudo_labels', 'take_pseudo_labels', 'without_phase']

#: Begins the name of pseudo-labels that an earlier phase of the same training writes, e.g. ``'phase:text'``.
PHASE = 'phase:'


def find_pseudo_labels(path: str | os.PathLike, data_root: str | os.PathLike = '') -> Path:
    """Path of a pseudo-label file, looked for in the current folder, then under the data root.

    Args:
        path (str | os.PathLike): As the config gives it.
        data_root (str | os.PathLike): Root of the data set.

    Returns:
        Path: The file, or the first of the two places when it is in neither.

    Raises:
        AnnotationError: If the file is yet to be written by a phase of the training.
    """
    if str(path).startswith(PHASE):
        raise AnnotationError(explain(
            f'pseudo_labels={str(path)!r}', f'the file that the phase {str(path)[len(PHASE):]!r} of this training '
            'writes', 'a training that has not run it', 'Pass the config to tools/train.py, which runs it first, or '
            'name a file with pseudo_labels=...'))
    places = [Path(path), Path(data_root, path)]
    return next((place for place in places if os.path.lexists(place)), places[0])


def take_pseudo_labels(items: Sequence[dict], path: str | os.PathLike, num_classes: int, subset: str,
                       min_confidence: float | None = None) -> list[dict]:
    """Put the labels of a file in the place of the true ones.

    Args:
        items (Sequence[dict]): All samples of a list, with ``sample_id`` (a number as text) and ``label``; changed in
            place.
        path (str | os.PathLike): See :func:`egoexo.formats.pseudo_labels.read_pseudo_labels`; it has to label exactly
            these samples.
        num_classes (int): Class ids run from 0 to ``num_classes - 1``.
        subset (str): Name of the list, for messages.
        min_confidence (float, optional): Leave out samples below it.

    Returns:
        list[dict]: The samples kept, in order.

    Raises:
        AnnotationError: If the file does not fit the list, or has no confidences though one is asked for.
    """
    found = read_pseudo_labels(path, [int(item['sample_id']) for item in items], num_classes)
    agreeing = sum(found.labels[int(item['sample_id'])] == item['label'] for item in items)
    for item in items:
        item['label'] = found.labels[int(item['sample_id'])]
    share = '' if not items else f', {100 * agreeing / len(items):.1f} % of them the true ones'
    print_log(f'{subset}: {len(items)} pseudo-labels of {path}{share}', 'current')
    if min_confidence is None:
        return list(items)
    if not found.confidences:
        raise AnnotationError(explain(path, f'a third column, which min_confidence={min_confidence} needs',
                                      'two columns', 'Write the file with confidences, or leave min_confidence out.'))
    kept = [item for item in items if found.confidences[int(item['sample_id'])] >= min_confidence]
    print_log(f'{subset}: {len(items) - len(kept)} of {len(items)} samples left out, whose pseudo-label is less '
              f'certain than min_confidence={min_confidence}', 'current')
    if not kept:
        raise AnnotationError(explain(path, f'at least one confidence of {min_confidence} or more',
                                      f'none above {max(found.confidences.values())}', 'Pass a lower one.'))
    return kept


def without_phase(dataset: Mapping[str, object]) -> dict:
    """Config of a list as it can be looked at before any training.

    Args:
        dataset (Mapping[str, object]): Config of a data set.

    Returns:
        dict: A copy, without labels if an earlier phase is to write them.
    """
    if not str(dataset.get('pseudo_labels') or '').startswith(PHASE):
        return dict(dataset)
    return dict(dataset) | dict(labels='none', pseudo_labels=None)
