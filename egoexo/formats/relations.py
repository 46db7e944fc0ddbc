"""``relations_<split>.json`` of Ego-Exo4D: masks of objects in the ego and exo views of a take.

The official training file takes gigabytes, so takes are read one at a time. A mask is the compressed run lengths of
COCO, compressed once more by LZ-String.
"""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from egoexo.errors import AnnotationError, explain
from egoexo.formats.json_stream import JsonStream, parse_member
from egoexo.formats.lz_string import decompress_from_uri
from egoexo.formats.relation_names import checked_frame, checked_name, checked_object, is_ego
from egoexo.formats.rle import Rle, rle_runs

__all__ = ['RelationTake', 'is_ego', 'iter_annotated_frames', 'iter_relation_texts', 'iter_relations',
           'parse_relation_take']

_WHAT = 'a relations file'
_ADVICE = 'Download the annotation `relations` of Ego-Exo4D again, or correct the file.'


@dataclass(frozen=True)
class RelationTake:
    """Masks of one take.

    Args:
        take_uid (str): Its uid.
        take_name (str): Folder of its videos below ``takes/``.
        scenario (str): Activity; may be empty.
        masks (dict[str, dict[str, dict[str, Rle | None]]]): Object -> camera -> frame number as text -> mask, in file
            order. A frame has a key only when the object was visible in it; None is a mask that cannot be read.
        annotated_frames (dict[str, dict[str, list[int]]]): Object -> camera -> frames that were looked at, whether or
            not the object was visible.
        problems (list[str]): One line for each mask that cannot be read.
    """

    take_uid: str
    take_name: str
    scenario: str
    masks: dict[str, dict[str, dict[str, Rle | None]]]
    annotated_frames: dict[str, dict[str, list[int]]]
    problems: list[str] = field(default_factory=list)


def iter_relations(path: str | os.PathLike,
                   take_uids: Collection[str] | None = None) -> Iterator[tuple[str, RelationTake]]:
    """Takes of a relations file in file order; only one is in memory at a time.

    Args:
        path (str | os.PathLike): ``relations_train.json``, ``relations_val.json`` or ``relations_test.json``.
        take_uids (Collection[str], optional): Takes to keep; all by default.

    Yields:
        tuple[str, RelationTake]: Uid, and the take with its masks decompressed.

    Raises:
        AnnotationError: If the file is missing, is no JSON, or a take is malformed; names the take.
    """
    for uid, text in iter_relation_texts(path, take_uids):
        yield uid, parse_relation_take(uid, text, f'{path} take {uid}')


def iter_relation_texts(path: str | os.PathLike,
                        take_uids: Collection[str] | None = None) -> Iterator[tuple[str, str]]:
    """Takes of a relations file as they stand in it, to be parsed by other processes.

    Args:
        path (str | os.PathLike): The file.
        take_uids (Collection[str], optional): Takes to keep; all by default.

    Yields:
        tuple[str, str]: Uid and JSON text for :func:`parse_relation_take`.

    Raises:
        AnnotationError: If the file is missing or is no JSON, or has no ``annotations``.
    """
    wanted = None if take_uids is None else set(take_uids)
    found = False
    with JsonStream(path, AnnotationError, _WHAT) as stream:
        for key in stream.members():
            if key != 'annotations':
                stream.text()
                continue
            found = True
            for uid in stream.members():
                checked_name(uid, f'{path} take')
                text = stream.text()
                if wanted is None or uid in wanted:
                    yield uid, text
        stream.end()
    if not found:
        raise AnnotationError(explain(path, f"{_WHAT} with the key 'annotations'", 'none', _ADVICE))


def iter_annotated_frames(path: str | os.PathLike, take_uids: Collection[str] | None = None
                          ) -> Iterator[tuple[str, dict[str, dict[str, list[int]]]]]:
    """Which frames of each take were looked at; masks are not decompressed.

    Args:
        path (str | os.PathLike): A relations file.
        take_uids (Collection[str], optional): Takes to keep; all by default.

    Yields:
        tuple[str, dict[str, dict[str, list[int]]]]: Uid, and object -> camera -> frame numbers.

    Raises:
        AnnotationError: If the file is missing, is no JSON, or a take is malformed; names the take.
    """
    for uid, text in iter_relation_texts(path, take_uids):
        where = f'{path} take {uid}'
        content = _object(parse_member(text, AnnotationError, where), where)
        yield uid, {name: {camera: _annotated(view, there) for camera, view, there in _cameras(views, here)}
                    for name, views, here in _objects(content, where)}


def parse_relation_take(take_uid: str, text: str, where: str | None = None) -> RelationTake:
    """One take out of its JSON text.

    Args:
        take_uid (str): Its uid.
        text (str): From :func:`iter_relation_texts`.
        where (str, optional): File and take, for messages; ``take <take_uid>`` by default.

    Returns:
        RelationTake: Masks that cannot be read are None, with a line in ``problems``.

    Raises:
        AnnotationError: If the take is malformed; names object, camera and frame.
    """
    where = where or f'take {take_uid}'
    content = _object(parse_member(text, AnnotationError, where), where)
    take_name = checked_name(content.get('take_name'), f'{where} take_name')
    scenario = content.get('scenario') or ''
    if not isinstance(scenario, str):
        raise AnnotationError(explain(f'{where} scenario', 'a text', f'{scenario!r:.80}', _ADVICE))
    take = RelationTake(take_uid, take_name, scenario, {}, {})
    for name, views, here in _objects(content, where):
        take.masks[name], take.annotated_frames[name] = {}, {}
        for camera, view, there in _cameras(views, here):
            take.masks[name][camera] = {
                checked_frame(frame, f'{there} frame'): _mask(value, f'{there} frame {frame}', take)
                for frame, value in _object(view.get('annotation'), f'{there} annotation').items()}
            take.annotated_frames[name][camera] = _annotated(view, there)
    return take


def _objects(content: dict, where: str) -> Iterator[tuple[str, dict, str]]:
    for name, views in _object(content.get('object_masks'), f'{where} object_masks').items():
        here = f'{where} object {checked_object(name, f"{where} object")!r}'
        yield name, _object(views, here), here


def _cameras(views: dict, where: str) -> Iterator[tuple[str, dict, str]]:
    for camera, view in views.items():
        here = f'{where} camera {checked_name(camera, f"{where} camera")}'
        yield camera, _object(view, here), here


def _annotated(view: dict, where: str) -> list[int]:
    frames = view.get('annotated_frames')
    if not isinstance(frames, list) or not all(type(frame) is int and 0 <= frame < 10**9 for frame in frames):
        raise AnnotationError(explain(f'{where} annotated_frames', 'a list of frame numbers', f'{frames!r:.80}',
                                      _ADVICE))
    return frames


def _mask(value: object, where: str, take: RelationTake) -> Rle | None:
    """The mask of a frame; None, and a line in the problems of the take, when it cannot be read."""
    value = _object(value, where)
    encoded = value.get('encodedMask')
    try:
        if not isinstance(encoded, str):
            raise AnnotationError(explain(where, 'a text encodedMask', f'{encoded!r:.80}', _ADVICE))
        rle = {'size': [value.get('height'), value.get('width')], 'counts': decompress_from_uri(encoded, where)}
        rle_runs(rle, where)
    except AnnotationError as problem:
        take.problems.append(str(problem))
        return None
    return rle


def _object(value: object, where: str) -> dict:
    if not isinstance(value, dict):
        raise AnnotationError(explain(where, 'an object', 'nothing' if value is None else f'{value!r:.80}', _ADVICE))
    return value
