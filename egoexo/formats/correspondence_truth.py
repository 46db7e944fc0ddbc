"""``correspondence-gt.json``, ground truth of the benchmark correspondence in the form of its official evaluation."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from egoexo.errors import AnnotationError, explain
from egoexo.formats.correspondence_take import (
    TAKE_FILE,
    TakeAnnotation,
    parse_take_annotation,
    read_split,
    read_take_annotation,
    take_to_json,
)
from egoexo.formats.json_stream import JsonStream, parse_member
from egoexo.formats.json_writer import write_members
from egoexo.formats.relation_names import checked_name
from egoexo.formats.relations import iter_annotated_frames
from egoexo.formats.whole_file import open_whole

__all__ = ['TRUTH_FILE', 'build_ground_truth', 'iter_ground_truth', 'iter_prepared_takes', 'write_ground_truth']

#: Name of the file in a data root.
TRUTH_FILE = 'correspondence-gt.json'
_WHAT = 'a ground truth of correspondence'
_ADVICE = 'Make it again with tools/data/prepare_correspondence.py --ground-truth.'


def iter_ground_truth(path: str | os.PathLike, split: str = 'val') -> Iterator[TakeAnnotation]:
    """Takes of the ground truth, one in memory at a time.

    Args:
        path (str | os.PathLike): ``correspondence-gt.json``, or a prepared data root.
        split (str): Takes to read from a data root; a file holds those of one split.

    Yields:
        TakeAnnotation: In file order, or in the order of the split. ``annotated_frames`` is never None.

    Raises:
        AnnotationError: If a file is missing or malformed, or does not say which frames were looked at; names the take.
    """
    if Path(path).is_dir():
        takes: Iterable[TakeAnnotation] = iter_prepared_takes(path, split)
    else:
        takes = _takes_of_file(path)
    for take in takes:
        if take.annotated_frames is None:
            raise AnnotationError(explain(
                f'{path} take {take.take_uid}', "the key 'annotated_frames'", 'none: the official code prepared it',
                'Make the ground truth with tools/data/prepare_correspondence.py --ground-truth.'))
        yield take


def _takes_of_file(path: str | os.PathLike) -> Iterator[TakeAnnotation]:
    found = False
    with JsonStream(path, AnnotationError, _WHAT) as stream:
        for key in stream.members():
            if key != 'annotations':
                stream.text()
                continue
            found = True
            for uid in stream.members():
                where = f'{path} take {checked_name(uid, f"{path} take")}'
                yield parse_take_annotation(uid, parse_member(stream.text(), AnnotationError, where), where)
        stream.end()
    if not found:
        raise AnnotationError(explain(path, f"{_WHAT} with the key 'annotations'", 'none', _ADVICE))


def iter_prepared_takes(root: str | os.PathLike, split: str) -> Iterator[TakeAnnotation]:
    """Takes of a prepared data root that have an annotation, one in memory at a time.

    Args:
        root (str | os.PathLike): Holds ``split.json`` or ``split_checking.json`` and a folder per take.
        split (str): ``'train'``, ``'val'`` or ``'test'``.

    Yields:
        TakeAnnotation: In the order of the split; takes without ``annotation.json`` are passed over, for their videos
        were missing.

    Raises:
        AnnotationError: If the split is unknown, none of its takes is there, or a file is malformed.
    """
    splits = read_split(root)
    if split not in splits:
        raise AnnotationError(explain(f'{root} list of takes', f'the split {split!r}', ', '.join(splits) or 'none',
                                      'Choose one of those.'))
    paths = [Path(root) / uid / TAKE_FILE for uid in splits[split]]
    there = [path for path in paths if path.is_file()]
    if paths and not there:
        raise AnnotationError(explain(root, f'takes of the split {split!r} with {TAKE_FILE}',
                                      f'none of {len(paths):,}', 'Run tools/data/prepare_correspondence.py.'))
    for path in there:
        yield read_take_annotation(path)


def build_ground_truth(root: str | os.PathLike, split: str, path: str | os.PathLike | None = None,
                       relations: str | os.PathLike | None = None) -> int:
    """Write the ground truth of a split of a prepared data root.

    Args:
        root (str | os.PathLike): Prepared by the official code or by ours.
        split (str): ``'train'``, ``'val'`` or ``'test'``.
        path (str | os.PathLike, optional): Target; ``<root>/correspondence-gt.json`` by default.
        relations (str | os.PathLike, optional): Raw ``relations_<split>.json``; read where the official code prepared
            a take, because it leaves out which frames were looked at.

    Returns:
        int: Number of takes.

    Raises:
        AnnotationError: If a file is missing or malformed, or nothing says which frames of a take were looked at.
    """
    known: dict[str, dict] = {}

    def whole(take: TakeAnnotation) -> TakeAnnotation:
        if take.annotated_frames is None and relations is not None and not known:
            known.update(iter_annotated_frames(relations, read_split(root)[split]))
        return _with_frames(take, take.annotated_frames or known.get(take.take_uid, {}), root)

    return write_ground_truth(Path(root) / TRUTH_FILE if path is None else path,
                              map(whole, iter_prepared_takes(root, split)))


def _with_frames(take: TakeAnnotation, frames: dict, root: str | os.PathLike) -> TakeAnnotation:
    absent = [f'{name} {camera}' for name, views in take.masks.items() for camera in views
              if camera not in frames.get(name, {})]
    if absent:
        raise AnnotationError(explain(
            f'{root} take {take.take_uid}', 'the frames that were looked at, for each object and camera',
            f'none for {len(absent):,} (first {absent[:5]})', 'Give the relations file that the take comes from.'))
    return TakeAnnotation(take.take_uid, take.masks, take.subsample_idx,
                          {name: {camera: frames[name][camera] for camera in views}
                           for name, views in take.masks.items()})


def write_ground_truth(path: str | os.PathLike, takes: Iterable[TakeAnnotation]) -> int:
    """Write takes as the official file holds them; it appears when it is whole.

    Args:
        path (str | os.PathLike): Its folder is made.
        takes (Iterable[TakeAnnotation]): With ``annotated_frames``.

    Returns:
        int: Number of takes.
    """
    with open_whole(path) as stream:
        stream.write('{"version": "xx", "challenge": "xx", "annotations": ')
        count = write_members(stream, ((take.take_uid, take_to_json(take)) for take in takes))
        stream.write('}')
    return count
