"""``annotation.json`` of a prepared take of the benchmark correspondence, and the list of takes of each split."""

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from egoexo.errors import AnnotationError, explain
from egoexo.files import read_json
from egoexo.formats.relation_names import checked_frame, checked_name, checked_object
from egoexo.formats.rle import Rle, check_rle
from egoexo.formats.whole_file import write_whole

__all__ = ['TAKE_FILE', 'TakeAnnotation', 'parse_take_annotation', 'read_split', 'read_take_annotation',
           'take_to_json', 'write_split', 'write_take_annotation']

#: Name of the file in the folder of a take.
TAKE_FILE = 'annotation.json'
#: Names of the list of takes in a data root; the second is what the official evaluation reads.
SPLIT_FILES = ('split.json', 'split_checking.json')
#: Largest annotation of a take that is read; the masks of a long one take some ten million bytes.
MAX_BYTES = 512 * 2**20
_ADVICE = 'Make it again with tools/data/prepare_correspondence.py.'


@dataclass(frozen=True)
class TakeAnnotation:
    """Masks of one take.

    Args:
        take_uid (str): Its uid.
        masks (dict[str, dict[str, dict[str, Rle | None]]]): Object -> camera -> frame number as text -> mask, at the
            resolution of the original video and in file order. A frame has a key only when the object was visible; None
            is a mask that could not be read.
        subsample_idx (list[int]): Frames of which there are pictures; empty when the file does not say.
        annotated_frames (dict[str, dict[str, list[int]]], optional): Object -> camera -> frames that were looked at;
            None in files that the official code prepared, which leaves them out.
    """

    take_uid: str
    masks: dict[str, dict[str, dict[str, Rle | None]]]
    subsample_idx: list[int]
    annotated_frames: dict[str, dict[str, list[int]]] | None = None


def read_take_annotation(path: str | os.PathLike) -> TakeAnnotation:
    """Read the annotation of a take, prepared by the official code or by ours.

    Args:
        path (str | os.PathLike): ``<data root>/<take_uid>/annotation.json``; the folder names the take.

    Returns:
        TakeAnnotation: Masks are looked at from outside only, see :func:`egoexo.formats.rle.check_rle`.

    Raises:
        AnnotationError: If the file is missing or malformed; names object, camera and frame.
    """
    content = read_json(path, AnnotationError, 'the annotation of a take', MAX_BYTES)
    return parse_take_annotation(Path(path).absolute().parent.name, content, str(path))


def parse_take_annotation(take_uid: str, content: object, where: str) -> TakeAnnotation:
    """A take out of parsed JSON; in the same form it stands in the file of the ground truth.

    Args:
        take_uid (str): Its uid.
        content (object): Parsed JSON.
        where (str): File and take, for messages.

    Returns:
        TakeAnnotation: Frame numbers in ``subsample_idx`` may be texts in the file.

    Raises:
        AnnotationError: If it is malformed; names object, camera and frame.
    """
    content = _object(content, where)
    masks: dict[str, dict[str, dict[str, Rle | None]]] = {}
    for name, views in _object(content.get('masks'), f'{where} masks').items():
        here = f'{where} object {checked_object(name, f"{where} object")!r}'
        masks[name] = {}
        for camera, frames in _object(views, here).items():
            there = f'{here} camera {checked_name(camera, f"{here} camera")}'
            masks[name][camera] = {
                checked_frame(frame, f'{there} frame'):
                    None if value is None else check_rle(value, f'{there} frame {frame}')
                for frame, value in _object(frames, there).items()}
    return TakeAnnotation(take_uid, masks, _subsample(content.get('subsample_idx'), where),
                          _annotated(content.get('annotated_frames'), f'{where} annotated_frames'))


def _subsample(value: object, where: str) -> list[int]:
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(frame, str) and frame.isdecimal() and len(frame) < 10
                                       for frame in value):
        value = [int(frame) for frame in value]
    return _frames(value, f'{where} subsample_idx')


def _annotated(value: object, where: str) -> dict[str, dict[str, list[int]]] | None:
    if value is None:
        return None
    return {checked_object(name, f'{where} object'):
            {checked_name(camera, f'{where} camera'): _frames(frames, f'{where} object {name!r} {camera}')
             for camera, frames in _object(views, f'{where} object {name!r}').items()}
            for name, views in _object(value, where).items()}


def _frames(value: object, where: str) -> list[int]:
    if not isinstance(value, list) or not all(type(frame) is int and 0 <= frame < 10**9 for frame in value):
        raise AnnotationError(explain(where, 'a list of frame numbers', f'{value!r:.80}', _ADVICE))
    return value


def _object(value: object, where: str) -> dict:
    if not isinstance(value, dict):
        raise AnnotationError(explain(where, 'an object', 'nothing' if value is None else f'{value!r:.80}', _ADVICE))
    return value


def take_to_json(take: TakeAnnotation) -> dict:
    """A take as the files hold it.

    Args:
        take (TakeAnnotation): The take.

    Returns:
        dict: ``masks``, ``subsample_idx`` and, when they are known, ``annotated_frames``.
    """
    content = {'masks': take.masks, 'subsample_idx': take.subsample_idx}
    return content if take.annotated_frames is None else content | {'annotated_frames': take.annotated_frames}


def write_take_annotation(path: str | os.PathLike, take: TakeAnnotation) -> None:
    """Write the annotation of a take in one step.

    Official code reads it too; it does not look at the key ``annotated_frames``.

    Args:
        path (str | os.PathLike): ``<data root>/<take_uid>/annotation.json``; its folder is made.
        take (TakeAnnotation): The take.
    """
    write_whole(path, json.dumps(take_to_json(take), allow_nan=False))


def read_split(path: str | os.PathLike) -> dict[str, list[str]]:
    """Read which takes belong to which split.

    Args:
        path (str | os.PathLike): The file, or a data root with ``split.json`` or, for lack of it,
            ``split_checking.json``.

    Returns:
        dict[str, list[str]]: ``train``, ``val``, ``test`` -> take uids in file order.

    Raises:
        AnnotationError: If the file is missing or malformed, or a split has a take twice.
    """
    path = Path(path)
    if path.is_dir():
        path = next((path / name for name in SPLIT_FILES if (path / name).is_file()), path / SPLIT_FILES[0])
    content = _object(read_json(path, AnnotationError, 'a list of takes per split'), str(path))
    for split, uids in content.items():
        here = f'{path} {split}'
        if not isinstance(uids, list):
            raise AnnotationError(explain(here, 'a list of take uids', f'{uids!r:.80}', 'Copy the official file.'))
        for uid in uids:
            checked_name(uid, here)
        if len(set(uids)) != len(uids):
            twice = [uid for uid, count in Counter(uids).items() if count > 1]
            raise AnnotationError(explain(here, 'each take once', f'{len(twice):,} more than once (first {twice[:5]})',
                                          'Remove the others.'))
    return content


def write_split(path: str | os.PathLike, split: Mapping[str, list[str]]) -> None:
    """Write the list of takes in one step.

    Args:
        path (str | os.PathLike): ``<data root>/split.json``; its folder is made.
        split (Mapping[str, list[str]]): ``train``, ``val``, ``test`` -> take uids.
    """
    write_whole(path, json.dumps({name: list(uids) for name, uids in split.items()}))
