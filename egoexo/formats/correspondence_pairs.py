"""Which mask is asked for in which view: the tracks of a take, and the official lists of pairs made of them."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from egoexo.errors import AnnotationError, ConfigError, explain
from egoexo.formats.correspondence_take import TakeAnnotation
from egoexo.formats.json_stream import JsonStream, parse_member
from egoexo.formats.relation_names import checked_frame, checked_name, checked_object, is_ego
from egoexo.formats.whole_file import open_whole

__all__ = ['DIRECTIONS', 'PAIR_SETTINGS', 'PairItem', 'Track', 'create_pairs', 'iter_tracks', 'pairs_file_name',
           'read_pairs', 'write_pairs']

#: From the view whose mask is given to the view in which the object is looked for.
DIRECTIONS = ('ego2exo', 'exo2ego')
#: Names of the directions in the names of pair files.
PAIR_SETTINGS = {'ego2exo': 'egoexo', 'exo2ego': 'exoego'}
_KINDS = ('rgb', 'mask', 'rgb', 'mask')
_WHAT = 'a list of pairs'
_ADVICE = 'Make the list again with tools/data/prepare_correspondence.py --pairs.'


class Track(NamedTuple):
    """One object in a query view, to be found in one target view.

    Args:
        object_name (str): Such as ``stainless bowl_0``.
        query_camera (str): Camera whose masks are given.
        target_camera (str): Camera in which the object is looked for.
        frames (list[str]): Frames with a readable mask in the query view, in file order.
    """

    object_name: str
    query_camera: str
    target_camera: str
    frames: list[str]


class PairItem(NamedTuple):
    """One line of a list of pairs."""

    take_uid: str
    object_name: str
    ego_camera: str
    exo_camera: str
    frame: str


def iter_tracks(take: TakeAnnotation, direction: str) -> Iterator[Track]:
    """Tracks of a take in official order: object by object, exo camera by exo camera.

    An object takes part when it has an ego camera; of several the last one counts. Whether the target view has a mask
    does not matter. Frames whose query mask could not be read (None) are left out.

    Args:
        take (TakeAnnotation): The take.
        direction (str): ``'ego2exo'`` or ``'exo2ego'``.

    Yields:
        Track: May have no frames.

    Raises:
        ConfigError: If the direction is unknown.
    """
    check_direction(direction)
    for name, views in take.masks.items():
        egos = [camera for camera in views if is_ego(camera)]
        if not egos:
            continue
        for exo in views:
            if not is_ego(exo):
                query, target = (egos[-1], exo) if direction == 'ego2exo' else (exo, egos[-1])
                yield Track(name, query, target, [frame for frame, mask in views[query].items() if mask is not None])


def check_direction(direction: str) -> None:
    """Refuse an unknown direction.

    Args:
        direction (str): To be looked at.

    Raises:
        ConfigError: If it is not one of :data:`DIRECTIONS`.
    """
    if direction not in DIRECTIONS:
        raise ConfigError(explain('direction', f'one of {", ".join(DIRECTIONS)}', repr(direction), 'Choose one.'))


def create_pairs(takes: Iterable[TakeAnnotation], direction: str, data_dir: str) -> Iterator[list[str]]:
    """Official list of pairs: identifiers of the ego picture, its mask, the exo picture and its mask, in this order.

    Args:
        takes (Iterable[TakeAnnotation]): In the order of the split.
        direction (str): ``'ego2exo'``: a pair for each mask in the ego view; ``'exo2ego'``: in the exo view.
        data_dir (str): Data root that the identifiers begin with; a slash at its end is dropped, because the official
            code cuts an identifier at ``//``.

    Yields:
        list[str]: Four times ``<data_dir>//<take>//<camera>//<object>//<rgb or mask>//<frame>``.

    Raises:
        ConfigError: If the direction is unknown.
        AnnotationError: If the name of an object cannot stand between ``//``.
    """
    root = data_dir.rstrip('/')
    for take in takes:
        for track in iter_tracks(take, direction):
            name = track.object_name
            if '//' in name or name[0] == '/' or name[-1] == '/':
                raise AnnotationError(explain(f'take {take.take_uid} object', "a name without '//' and without '/' at "
                                              'its ends, which separate names in a list of pairs', repr(name),
                                              'Leave out the list of pairs; training here does not need it.'))
            ego, exo = sorted((track.query_camera, track.target_camera), key=is_ego, reverse=True)
            heads = [f'{root}//{take.take_uid}//{camera}//{name}//{kind}//'
                     for camera, kind in zip((ego, ego, exo, exo), _KINDS, strict=True)]
            for frame in track.frames:
                yield [head + frame for head in heads]


def pairs_file_name(split: str, direction: str) -> str:
    """Official name of a list of pairs.

    Args:
        split (str): ``'train'`` or ``'val'``.
        direction (str): ``'ego2exo'`` or ``'exo2ego'``.

    Returns:
        str: Such as ``train_egoexo_pairs.json``.

    Raises:
        ConfigError: If the direction is unknown.
    """
    check_direction(direction)
    return f'{split}_{PAIR_SETTINGS[direction]}_pairs.json'


def write_pairs(path: str | os.PathLike, pairs: Iterable[list[str]]) -> int:
    """Write a list of pairs, one by one; the file appears when it is whole.

    Args:
        path (str | os.PathLike): Its folder is made.
        pairs (Iterable[list[str]]): From :func:`create_pairs`.

    Returns:
        int: Number of pairs.
    """
    count = 0
    with open_whole(path) as stream:
        stream.write('[')
        for pair in pairs:
            stream.write((', ' if count else '') + json.dumps(pair))
            count += 1
        stream.write(']')
    return count


def read_pairs(path: str | os.PathLike) -> list[PairItem]:
    """Read a list of pairs.

    An identifier is read from its end, so that the data root may hold ``//`` or end in a slash.

    Args:
        path (str | os.PathLike): Official file, or one of :func:`write_pairs`.

    Returns:
        list[PairItem]: In file order; names that come again are one text in memory.

    Raises:
        AnnotationError: If the file is missing or malformed, or the four parts of a pair do not fit; names the pair.
    """
    with JsonStream(path, AnnotationError, _WHAT) as stream:
        items = [_item(parse_member(text, AnnotationError, f'{path} pair {number}'), f'{path} pair {number}')
                 for number, text in enumerate(stream.elements())]
        stream.end()
    return items


def _item(pair: object, where: str) -> PairItem:
    parts = [part.rsplit('//', 5)[1:] for part in pair if isinstance(part, str)] if isinstance(pair, list) else []
    if len(parts) != 4 or any(len(part) != 5 for part in parts):
        raise AnnotationError(explain(where, 'four texts <root>//<take>//<camera>//<object>//<rgb or mask>//<frame>',
                                      f'{pair!r:.300}', _ADVICE))
    (take, ego, name, _, frame), (_, exo, *_) = parts[0], parts[2]
    cameras = (ego, ego, exo, exo)
    if parts != [[take, camera, name, kind, frame] for camera, kind in zip(cameras, _KINDS, strict=True)]:
        raise AnnotationError(explain(where, 'picture and mask of an ego camera, then those of an exo camera, of one '
                                      'take, object and frame', f'{pair!r:.500}', _ADVICE))
    if not is_ego(ego) or is_ego(exo):
        raise AnnotationError(explain(where, "an ego camera ('aria' in its name) and an exo camera", f'{ego!r:.80} and '
                                      f'{exo!r:.80}', _ADVICE))
    names = (checked_name(take, f'{where} take'), checked_object(name, f'{where} object'),
             checked_name(ego, f'{where} camera'), checked_name(exo, f'{where} camera'),
             checked_frame(frame, f'{where} frame'))
    return PairItem(*map(sys.intern, names))
