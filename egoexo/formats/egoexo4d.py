"""Annotation files of Ego-Exo4D that its benchmarks share: takes, keysteps and atomic descriptions.

``takes.json``, ``annotations/keystep_<split>.json`` and ``annotations/atomic_descriptions_<split>.json`` as the
official downloader lays them out. Only the fields that the toolbox uses are read, and looked at closely; all others may
be absent.
"""

import os
import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from egoexo.errors import AnnotationError, explain
from egoexo.files import read_json

__all__ = ['Annotator', 'Description', 'Keystep', 'KeystepTake', 'Keysteps', 'Stream', 'Take', 'TaxonomyNode',
           'parse_atomic_descriptions', 'parse_keysteps', 'parse_takes', 'read_atomic_descriptions', 'read_keysteps',
           'read_takes']

#: Largest file that is read; the atomic descriptions of all takes are the largest.
MAX_BYTES = 2**30
_NAME = re.compile(r'[^/\\\x00-\x1f\x7f]{1,200}')
_PATH = re.compile(r'(?!/)[^\\\x00-\x1f\x7f]{1,1000}')
_MONTAGES = ('collage', 'best_exo')  # made from the other videos
_ADVICE = 'Download the annotations of Ego-Exo4D again, or correct the file.'


class Stream(NamedTuple):
    """One video of a take: ``cam_id`` such as ``cam01`` or ``aria01``, ``stream_id`` such as ``0`` or ``214-1``."""

    cam_id: str
    stream_id: str


class Take(NamedTuple):
    """One recording by several cameras.

    Args:
        take_uid (str): Its uid.
        root_dir (str): ``takes/<take_name>``.
        duration_sec (float, optional): Length in seconds; None for a take that was never cut.
        cameras (dict[str, dict[str, Stream]]): Camera name -> stream name (``rgb`` for Aria, ``0`` for a GoPro) ->
            stream, in file order.
    """

    take_uid: str
    root_dir: str
    duration_sec: float | None
    cameras: dict[str, dict[str, Stream]]


class Keystep(NamedTuple):
    """One segment of a take; ``step_id`` is a node of its scenario's taxonomy, or 10000 and more for none."""

    start_sec: float
    end_sec: float
    step_id: int


class KeystepTake(NamedTuple):
    """The segments of a take, in file order."""

    take_uid: str
    scenario: str
    segments: tuple[Keystep, ...]


class TaxonomyNode(NamedTuple):
    """A step or a group of steps; the root has id 0 and no parent."""

    name: str
    parent_id: int | None
    is_leaf: bool


class Keysteps(NamedTuple):
    """Content of a keystep file.

    Args:
        takes (dict[str, KeystepTake]): By take uid, in file order.
        taxonomy (dict[str, dict[int, TaxonomyNode]]): Scenario -> step id -> node.
    """

    takes: dict[str, KeystepTake]
    taxonomy: dict[str, dict[int, TaxonomyNode]]


class Description(NamedTuple):
    """One sentence about a moment.

    Args:
        timestamp (float): Seconds from the start of the take.
        text (str): Begins with its subject, ``C`` for the wearer of the camera.
        best_exo (dict, optional): ``cam_id`` (may be None) and ``raw_cam_id`` of the view that shows it best.
    """

    timestamp: float
    text: str
    best_exo: dict | None


class Annotator(NamedTuple):
    """The sentences of one annotator about a whole take, in file order."""

    annotator_id: str
    descriptions: tuple[Description, ...]


def read_takes(path: str | os.PathLike, take_uids: Collection[str] | None = None) -> dict[str, Take]:
    """Read ``takes.json``.

    Args:
        path (str | os.PathLike): The file.
        take_uids (Collection[str], optional): Takes to keep; all by default. Of others, the uid alone is looked at.

    Returns:
        dict[str, Take]: By take uid, in file order.

    Raises:
        AnnotationError: If the file is missing or malformed, or has a take twice; names the take.
    """
    return parse_takes(read_json(path, AnnotationError, 'a takes.json', MAX_BYTES), take_uids, str(path))


def parse_takes(content: object, take_uids: Collection[str] | None = None,
                where: str = 'takes.json') -> dict[str, Take]:
    """Takes out of the content of ``takes.json``; see :func:`read_takes`.

    Args:
        content (object): Parsed JSON.
        take_uids (Collection[str], optional): Takes to keep.
        where (str): Its name, for messages.
    """
    takes: dict[str, Take] = {}
    wanted = None if take_uids is None else set(take_uids)
    for number, row in enumerate(_kind(content, list, where)):
        here = f'{where} take {number}'
        uid = _checked(_object(row, here).get('take_uid'), f'{here} take_uid')
        if wanted is not None and uid not in wanted:
            continue
        here = f'{where} take {uid}'
        if uid in takes:
            raise AnnotationError(explain(here, 'each take once', 'it a second time', 'Remove one of the two.'))
        root = row.get('root_dir')
        duration = None if row.get('duration_sec') is None else _seconds(row, 'duration_sec', here)
        if not isinstance(root, str) or not _PATH.fullmatch(root) or '..' in root.split('/'):
            raise AnnotationError(explain(f'{here} root_dir', 'a relative path without ".."', repr(root), _ADVICE))
        cameras = _object(row.get('frame_aligned_videos') or {}, f'{here} frame_aligned_videos')
        takes[uid] = Take(uid, root, duration, {
            _checked(cam, f'{here} camera'): _streams(streams, f'{here} camera {cam}')
            for cam, streams in cameras.items() if cam not in _MONTAGES})
    return takes


def _streams(content: object, where: str) -> dict[str, Stream]:
    streams = {}
    for name, row in _object(content, where).items():
        found = [_object(row, where).get(key) for key in Stream._fields]
        if None not in found:  # else it was never exported
            streams[_checked(name, where)] = Stream(*(_checked(value, f'{where} {key}') for key, value in
                                                      zip(Stream._fields, found, strict=True)))
    return streams


def read_keysteps(path: str | os.PathLike) -> Keysteps:
    """Read ``keystep_train.json`` or ``keystep_val.json``.

    Args:
        path (str | os.PathLike): The file.

    Returns:
        Keysteps: Takes and taxonomies.

    Raises:
        AnnotationError: If the file is missing or malformed; names the take and the segment.
    """
    return parse_keysteps(read_json(path, AnnotationError, 'a keystep file', MAX_BYTES), str(path))


def parse_keysteps(content: object, where: str = 'keysteps') -> Keysteps:
    """Takes and taxonomies out of the content of a keystep file; see :func:`read_keysteps`.

    Args:
        content (object): Parsed JSON.
        where (str): Its name, for messages.
    """
    content = _object(content, where)
    takes = {}
    for uid, row in _object(content.get('annotations'), f'{where} annotations').items():
        here = f'{where} take {_checked(uid, where)}'
        scenario = _text(_object(row, here), 'scenario', here)
        segments = _kind(row.get('segments'), list, f'{here} segments')
        takes[uid] = KeystepTake(uid, scenario, tuple(_keystep(segment, f'{here} segment {index}')
                                                      for index, segment in enumerate(segments)))
    taxonomy = _object(content.get('taxonomy'), f'{where} taxonomy')
    return Keysteps(takes, {scenario: _nodes(nodes, f'{where} taxonomy {scenario}')
                            for scenario, nodes in taxonomy.items()})


def _keystep(row: object, where: str) -> Keystep:
    row = _object(row, where)
    return Keystep(_seconds(row, 'start_time', where), _seconds(row, 'end_time', where), _id(row, 'step_id', where))


def _nodes(content: object, where: str) -> dict[int, TaxonomyNode]:
    nodes = {}
    for key, row in _object(content, where).items():
        here = f'{where} node {key}'
        parent = None if _object(row, here).get('parent_id') is None else _id(row, 'parent_id', here)
        nodes[_id(row, 'id', here)] = TaxonomyNode(_text(row, 'name', here), parent,
                                                   _kind(row.get('is_leafnode'), bool, f'{here} is_leafnode'))
    return nodes


def read_atomic_descriptions(path: str | os.PathLike,
                             take_uids: Collection[str] | None = None) -> dict[str, tuple[Annotator, ...]]:
    """Read ``atomic_descriptions_train.json`` or ``atomic_descriptions_val.json``.

    Args:
        path (str | os.PathLike): The file.
        take_uids (Collection[str], optional): Takes to keep; all by default. Others are not looked at.

    Returns:
        dict[str, tuple[Annotator, ...]]: By take uid, in file order; rejected annotations included.

    Raises:
        AnnotationError: If the file is missing or malformed; names the take and the description.
    """
    content = read_json(path, AnnotationError, 'a file of atomic descriptions', MAX_BYTES)
    return parse_atomic_descriptions(content, take_uids, str(path))


def parse_atomic_descriptions(content: object, take_uids: Collection[str] | None = None,
                              where: str = 'atomic descriptions') -> dict[str, tuple[Annotator, ...]]:
    """Sentences out of the content of the file; see :func:`read_atomic_descriptions`.

    Args:
        content (object): Parsed JSON.
        take_uids (Collection[str], optional): Takes to keep.
        where (str): Its name, for messages.
    """
    annotations = _object(_object(content, where).get('annotations'), f'{where} annotations')
    wanted = annotations if take_uids is None else set(take_uids)
    return {uid: tuple(_annotator(row, f'{where} take {uid} annotation {number}')
                       for number, row in enumerate(_kind(rows, list, f'{where} take {uid}')))
            for uid, rows in annotations.items() if uid in wanted}


def _annotator(row: object, where: str) -> Annotator:
    name = _text(_object(row, where), 'annotator_id', where)
    rows = _kind(row.get('descriptions'), list, f'{where} descriptions')
    return Annotator(name, tuple(_description(item, f'{where} description {number}')
                                 for number, item in enumerate(rows)))


def _description(row: object, where: str) -> Description:
    best = _object(row, where).get('best_exo')
    if best is not None:
        cam = _object(best, f'{where} best_exo').get('cam_id')
        if cam is not None:
            _checked(cam, f'{where} best_exo cam_id')
    return Description(_seconds(row, 'timestamp', where), _kind(row.get('text'), str, f'{where} text'), best)


def _object(value: object, where: str) -> dict[str, Any]:
    return _kind(value, dict, where)


def _kind(value: object, kind: type, where: str) -> Any:
    if not isinstance(value, kind):
        name = {dict: 'an object', list: 'a list', str: 'a text', bool: 'true or false'}[kind]
        raise AnnotationError(explain(where, name, 'nothing' if value is None else f'{value!r:.80}', _ADVICE))
    return value


def _text(row: Mapping[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value or len(value) > 1000:
        raise AnnotationError(explain(f'{where} {key}', 'a text', f'{value!r:.80}', _ADVICE))
    return value


def _checked(value: object, where: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value) or value in ('.', '..'):
        raise AnnotationError(explain(where, 'a name that may be part of a file name', f'{value!r:.80}', _ADVICE))
    return value


def _id(row: Mapping[str, Any], key: str, where: str) -> int:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        raise AnnotationError(explain(f'{where} {key}', 'a whole number', f'{value!r:.80}', _ADVICE))
    return value


def _seconds(row: Mapping[str, Any], key: str, where: str) -> float:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e6:  # NaN
        raise AnnotationError(explain(f'{where} {key}', 'seconds', f'{value!r:.80}', _ADVICE))
    return value
