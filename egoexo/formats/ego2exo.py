"""``ego2exo.json``: the segments of the Ego2Exo benchmark (LaGTran, ICML 2024), cut out of Ego-Exo4D takes."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from egoexo.errors import AnnotationError, explain
from egoexo.files import read_json
from egoexo.formats.whole_file import write_whole

__all__ = ['FEATURE_FOLDER', 'FILE_NAME', 'SPLITS', 'Ego2Exo', 'Segment', 'read_ego2exo', 'to_json', 'write_ego2exo']

#: Where the file lies below a data root.
FILE_NAME = 'metadata/ego2exo.json'
#: Where the feature files that it names lie below a data root.
FEATURE_FOLDER = 'features/omnivore_video'
#: Keys of the file; the two ``val`` lists hold the same segments, seen by an ego and by an exo camera.
SPLITS = ('ego_train', 'ego_val', 'exo_train', 'exo_val')
#: Largest file that is read; the released one is thought to be near 60 MB, most of it frame numbers.
MAX_BYTES = 512 * 2**20
_TABLES = {'clips': 'id', 'annotations': 'segment_id', 'metadata': 'segment_id', 'descriptions': 'segment_id'}
_WHAT = 'an ego2exo.json'
_UID = re.compile(r'[^/\\\x00-\x1f\x7f]{1,200}')
_MAX_ID = 2**63 - 1
_KINDS = {dict: 'an object', list: 'a list', str: 'a text', type(None): 'null'}
_ADVICE = 'Fetch it again, or make it with tools/data/build_ego2exo.py.'


@dataclass(frozen=True)
class Segment:
    """One labelled stretch of a take, seen by one camera.

    Args:
        segment_id (int): Unsigned number of 32 bits made from take and index; the same in ``ego_val`` and ``exo_val``.
        label (int): Class id.
        class_name (str): Its name.
        text (str): Narrations of all annotators, glued together; empty in ``val``.
        annotator_texts (dict[str, str]): The same by annotator.
        take_uid (str): Take of Ego-Exo4D.
        segment_index (int): Place in the take's keystep list.
        start_sec (float): Seconds from the start of the take.
        end_sec (float): Not always after ``start_sec``.
        feature_file (str): ``features/omnivore_video/<take_uid>_<camera>_<stream>.pt`` below the data root.
        feature_indices (tuple[int, ...]): Rows of that file that overlap the segment; may be empty.
        video_file (str): Video below the folder of the takes.
        frame_indices (tuple[tuple[int, int], ...]): First and last frame, at 30 fps, of windows of 32 frames.
        best_exo (dict, optional): ``cam_id`` and ``raw_cam_id``, as the file gives them.
    """

    segment_id: int
    label: int
    class_name: str
    text: str
    annotator_texts: dict[str, str]
    take_uid: str
    segment_index: int
    start_sec: float
    end_sec: float
    feature_file: str
    feature_indices: tuple[int, ...]
    video_file: str
    frame_indices: tuple[tuple[int, int], ...]
    best_exo: dict | None


@dataclass(frozen=True)
class Ego2Exo:
    """Content of the file.

    Args:
        classes (tuple[str, ...]): Name of each class id.
        splits (dict[str, tuple[Segment, ...]]): By the keys of the file, see :data:`SPLITS`, in file order. Rows of
            the training lists are grouped by class.
    """

    classes: tuple[str, ...]
    splits: dict[str, tuple[Segment, ...]]


def read_ego2exo(path: str | os.PathLike) -> Ego2Exo:
    """Read the file, released or built; its four tables per split are joined by segment id.

    Args:
        path (str | os.PathLike): JSON file.

    Returns:
        Ego2Exo: Every split has its key, perhaps without segments.

    Raises:
        AnnotationError: If the file is missing or malformed, an id is missing or comes twice, a class is unknown, or a
            path leads out of the data root; names the row.
    """
    content = read_json(path, AnnotationError, _WHAT, MAX_BYTES)
    if not isinstance(content, dict) or not {'categories', *SPLITS} <= content.keys():
        found = f'the keys {sorted(content)[:8]}' if isinstance(content, dict) else f'a {type(content).__name__}'
        raise AnnotationError(explain(path, f'an object with the keys categories, {", ".join(SPLITS)}', found, _ADVICE))
    classes = _classes(content['categories'], path)
    return Ego2Exo(classes, {name: _split(content[name], classes, f'{path} {name}') for name in SPLITS})


def _classes(rows: object, path: str | os.PathLike) -> tuple[str, ...]:
    names: dict[int, str] = {}
    for row in rows if isinstance(rows, list) else [rows]:
        key, name = (row.get('category_id'), row.get('category_name')) if isinstance(row, dict) else (None, None)
        if not _is_int(key) or not isinstance(name, str) or not name or key in names or name in names.values():
            raise AnnotationError(explain(f'{path} categories', 'a list of objects with category_id and category_name, '
                                          'each id and name once', repr(row), _ADVICE))
        names[key] = name
    if sorted(names) != list(range(len(names))) or not names:
        raise AnnotationError(explain(f'{path} categories', f'the class ids 0 to {max(len(names) - 1, 0)}',
                                      sorted(names)[:30], _ADVICE))
    return tuple(names[key] for key in range(len(names)))


def _split(content: object, classes: tuple[str, ...], where: str) -> tuple[Segment, ...]:
    if not isinstance(content, dict) or not all(isinstance(content.get(name), list) for name in _TABLES):
        raise AnnotationError(explain(where, f'an object with the lists {", ".join(_TABLES)}',
                                      f'a {type(content).__name__}' if not isinstance(content, dict) else
                                      {key: type(value).__name__ for key, value in list(content.items())[:8]}, _ADVICE))
    tables = {name: _by_id(content[name], key, f'{where} {name}') for name, key in _TABLES.items()}
    clips = tables['clips']
    for name in list(_TABLES)[1:]:
        if tables[name].keys() != clips.keys():
            missing = [key for key in clips if key not in tables[name]]
            extra = [key for key in tables[name] if key not in clips]
            raise AnnotationError(explain(
                f'{where} {name}', f'one row for each of the {len(clips):,} clips',
                f'{len(missing):,} missing ids (first {missing[:5]}) and {len(extra):,} extra ones (first {extra[:5]})',
                _ADVICE))
    return tuple(_segment(*(tables[name][key] for name in _TABLES), classes=classes, where=f'{where} segment {key}')
                 for key in clips)


def _by_id(rows: list, key: str, where: str) -> dict[int, dict]:
    table: dict[int, dict] = {}
    twice: list[int] = []
    for number, row in enumerate(rows):
        found = row.get(key) if isinstance(row, dict) else None
        if not _is_int(found) or not 0 <= found <= _MAX_ID:
            raise AnnotationError(explain(f'{where} row {number}', f'an object with a whole number {key!r}',
                                          repr(found if isinstance(row, dict) else row), _ADVICE))
        if found in table:
            twice.append(found)
        table[found] = row
    if twice:
        raise AnnotationError(explain(where, 'each segment id once', f'{len(twice):,} repeated (first {twice[:5]})',
                                      _ADVICE))
    return table


def _segment(clip: dict, annotation: dict, metadata: dict, description: dict, *, classes: tuple[str, ...],
             where: str) -> Segment:
    label, name = annotation.get('category'), annotation.get('class_name')
    if not _is_int(label) or not 0 <= label < len(classes) or name != classes[label]:
        raise AnnotationError(explain(f'{where} category', f'a class id from 0 to {len(classes) - 1} with its name',
                                      f'{label!r} with the name {name!r}', _ADVICE))
    best_exo = _get(metadata, 'best_exo', (dict, type(None)), where)
    return Segment(
        segment_id=clip['id'], label=label, class_name=name,
        text=_get(description, 'text_caption', str, where), annotator_texts=_texts(description, where),
        take_uid=_uid(metadata, where), segment_index=_count(metadata, 'segment_index', where),
        start_sec=_seconds(metadata, 'start_time', where), end_sec=_seconds(metadata, 'end_time', where),
        feature_file=_inside(clip, 'feature_file_name', where), feature_indices=_indices(clip, where),
        video_file=_inside(clip, 'video_file_name', where), frame_indices=_windows(clip, where), best_exo=best_exo)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _get(row: Mapping[str, Any], key: str, kind: type | tuple[type, ...], where: str) -> Any:
    if key not in row or not isinstance(row[key], kind):
        kinds = kind if isinstance(kind, tuple) else (kind, )
        raise AnnotationError(explain(
            f'{where} {key}', ' or '.join(_KINDS[one] for one in kinds),
            repr(row[key]) if key in row else 'nothing', _ADVICE))
    return row[key]


def _count(row: Mapping[str, Any], key: str, where: str) -> int:
    value = row.get(key)
    if not _is_int(value) or not 0 <= value < 2**31:
        raise AnnotationError(explain(f'{where} {key}', 'a whole number, 0 or more', repr(value), _ADVICE))
    return value


def _seconds(row: Mapping[str, Any], key: str, where: str) -> float:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:  # NaN
        raise AnnotationError(explain(f'{where} {key}', 'seconds', repr(value), _ADVICE))
    return float(value)


def _uid(row: Mapping[str, Any], where: str) -> str:
    value = row.get('take_uid')
    if not isinstance(value, str) or not _UID.fullmatch(value) or value in ('.', '..'):
        raise AnnotationError(explain(f'{where} take_uid', 'the uid of a take', repr(value), _ADVICE))
    return value


def _texts(row: Mapping[str, Any], where: str) -> dict[str, str]:
    texts = _get(row, 'annotator_texts', dict, where)
    if not all(isinstance(text, str) for text in texts.values()):
        raise AnnotationError(explain(f'{where} annotator_texts', 'a text per annotator', repr(texts), _ADVICE))
    return texts


def _inside(row: Mapping[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if (not isinstance(value, str) or not value or len(value) > 1000 or not value.isprintable() or '\\' in value
            or value.startswith('/') or '..' in PurePosixPath(value).parts):
        raise AnnotationError(explain(f'{where} {key}', 'a path below the data root, without ".." and not absolute',
                                      repr(value), _ADVICE))
    return value


def _indices(clip: Mapping[str, Any], where: str) -> tuple[int, ...]:
    rows = _get(clip, 'feature_indices', list, where)
    if not all(type(row) is int and 0 <= row < 2**31 for row in rows):
        raise AnnotationError(explain(f'{where} feature_indices', 'row numbers, 0 or more', repr(rows), _ADVICE))
    return tuple(rows)


def _windows(clip: Mapping[str, Any], where: str) -> tuple[tuple[int, int], ...]:
    windows = _get(clip, 'frame_indices', list, where)
    if not all(type(pair) is list and len(pair) == 2 and type(pair[0]) is int and type(pair[1]) is int
               for pair in windows):
        raise AnnotationError(explain(f'{where} frame_indices', 'pairs of frame numbers', repr(windows), _ADVICE))
    return tuple(map(tuple, windows))


def to_json(content: Ego2Exo) -> dict:
    """The content as the file holds it.

    Args:
        content (Ego2Exo): Classes and segments.

    Returns:
        dict: Keys in the order of the released file.
    """
    categories = [dict(category_name=name, category_id=key) for key, name in enumerate(content.classes)]
    return dict(categories=categories, **{name: _tables(rows) for name, rows in content.splits.items()})


def _tables(rows: tuple[Segment, ...]) -> dict[str, list[dict]]:
    return dict(
        clips=[dict(id=row.segment_id, video_file_name=row.video_file, feature_file_name=row.feature_file,
                    feature_indices=list(row.feature_indices), frame_indices=[list(pair) for pair in row.frame_indices])
               for row in rows],
        annotations=[dict(segment_id=row.segment_id, category=row.label, class_name=row.class_name) for row in rows],
        metadata=[dict(segment_id=row.segment_id, start_time=row.start_sec, end_time=row.end_sec, take_uid=row.take_uid,
                       segment_index=row.segment_index, best_exo=row.best_exo) for row in rows],
        descriptions=[dict(segment_id=row.segment_id, text_caption=row.text, annotator_texts=row.annotator_texts)
                      for row in rows])


def write_ego2exo(path: str | os.PathLike, content: Ego2Exo) -> None:
    """Write the file as released, indented by four, in one step.

    Args:
        path (str | os.PathLike): Target file; its folder is made.
        content (Ego2Exo): Classes and segments.
    """
    write_whole(path, json.dumps(to_json(content), indent=4, allow_nan=False))
