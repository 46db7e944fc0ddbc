"""Official files of EgoExoLearn's temporal action segmentation benchmark, read and written unchanged."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from egoexo.errors import AnnotationError, EgoExoError, PredictionError, explain
from egoexo.files import read_bytes, read_json, read_text
from egoexo.formats.label_text import decode_ids, encode_runs, split_lines, split_words

__all__ = [
    'NUM_CLASSES',
    'PREDICTION_HEADER',
    'UID',
    'VideoMeta',
    'read_class_names',
    'read_frame_labels',
    'read_frame_prediction',
    'read_split',
    'read_video_meta',
    'write_frame_labels',
    'write_frame_prediction',
    'write_split',
]

NUM_CLASSES = 28
PREDICTION_HEADER = '### Frame level recognition: ###'
# Label and result files of 20 hours at 25 fps are smaller; decoding takes some 30 times the bytes of a file.
_MAX_LABEL_BYTES = 4 * 2**20
#: What a video id may look like: one name, without anything that leads out of its folder.
UID = re.compile(r'[^/\\\x00-\x1f\x7f:*?"<>|.\s][^/\\\x00-\x1f\x7f:*?"<>|.]{0,199}')


@dataclass(frozen=True)
class VideoMeta:
    """One record of ``video_meta_downsampled.json``.

    Args:
        uid (str): Official video uid.
        num_frames (int): Frames of the video; the label file may be shorter.
        fps (float): Frame rate, 25 in the release.
        width (int): Pixels.
        height (int): Pixels.
        view (str): ``'ego'`` or ``'exo'``.
        scene (str): ``'kitchen'`` or ``'lab'``.
        task (str): ``'task1'`` to ``'task8'``.
    """

    uid: str
    num_frames: int
    fps: float
    width: int
    height: int
    view: str
    scene: str
    task: str


def _check_uid(uid: object, where: str, error: type[EgoExoError]) -> str:
    """A uid becomes part of a path: it must be one name, without anything that leads elsewhere."""
    if not isinstance(uid, str) or not UID.fullmatch(uid):
        raise error(explain(where, 'a uid: letters, digits, "-", "_" and the like, at most 200', f'{uid!r}',
                            'Correct the line, or leave the video out.'))
    return uid


def read_split(path: str | os.PathLike) -> list[str]:
    """Read a list of videos (``splits/<subset>_annotations.bundle``).

    Args:
        path (str | os.PathLike): File with one ``<uid>.txt`` per line.

    Returns:
        list[str]: uids in file order, the name up to its first dot.

    Raises:
        AnnotationError: If the file is missing or empty, or a line is empty, leads out of the folder of the videos
            (``../b.txt``) or names a video twice.

    Examples:
        >>> split = 'data/mini/egoexolearn/temporal_action_segmentation_benchmark/tas_annotation/splits'
        >>> uids = read_split(f'{split}/ego_train_annotations.bundle')
        >>> len(uids[0])
        36
    """
    text = read_text(path, AnnotationError, 'a split list').strip()
    if not text:
        raise AnnotationError(explain(path, 'a split list with one <uid>.txt per line', 'an empty file',
                                      'Fetch it again.'))
    first_line: dict[str, int] = {}
    for number, line in enumerate(re.split(r'\r\n|\r|\n', text), start=1):
        where = f'{path} line {number}'
        uid = line.strip().split('.')[0]
        if not UID.fullmatch(uid):
            raise AnnotationError(explain(where, 'a video <uid>.txt', f'{line!r}', 'Correct or remove the line.'))
        if uid in first_line:
            raise AnnotationError(explain(where, 'each video once', f'{uid}, which is already in line '
                                          f'{first_line[uid]}', 'Remove one of the two lines.'))
        first_line[uid] = number
    return list(first_line)


def write_split(path: str | os.PathLike, uids: Iterable[str]) -> None:
    """Write a list of videos as released: ``<uid>.txt`` per line, LF, no newline at the end.

    Args:
        path (str | os.PathLike): Target file; its folder is made.
        uids (Iterable[str]): Official uids.
    """
    _write(path, '\n'.join(f'{uid}.txt' for uid in uids))


def read_frame_labels(
        path: str | os.PathLike, *, num_classes: int = NUM_CLASSES, drop_last_line: bool = True) -> np.ndarray:
    """Read the class id of every 25-fps frame of one video (``gts_fps25/<uid>.txt``).

    The official reader splits the text at its newlines and drops the last element, which is empty in a file that ends
    with a newline. The released files do not, so the official code loses the last label of each, in training and in
    scoring alike. Line ends may be LF or CRLF (released: CRLF).

    Args:
        path (str | os.PathLike): Label file.
        num_classes (int): Ids run from 0 (background) to ``num_classes - 1``.
        drop_last_line (bool): Drop the element behind the last newline, as officially; ``False`` keeps every label.

    Returns:
        np.ndarray: Class ids, shape (G,), int64, G >= 1.

    Raises:
        AnnotationError: If the file is missing or has no label, or a line is empty or no known class id; names the
            file and the first such line.

    Examples:
        >>> write_frame_labels('a.txt', np.array([0, 3, 3]))
        >>> read_frame_labels('a.txt')
        array([0, 3])
        >>> read_frame_labels('a.txt', drop_last_line=False)
        array([0, 3, 3])
    """
    data = read_bytes(path, AnnotationError, 'a label file', _MAX_LABEL_BYTES)
    buffer, starts, ends = split_lines(data, drop_last_line)
    if not starts.size:
        dropped = ', the last of which is dropped' if drop_last_line else ''
        raise AnnotationError(explain(path, f'a label file with one class id per frame and line{dropped}', 'no label',
                                      'Fetch it again, or leave the video out of the list.'))
    labels, bad = decode_ids(buffer, starts, ends, num_classes)
    if bad.any():
        _refuse_label(path, buffer, starts, ends, bad, num_classes)
    return labels


def _refuse_label(path: str | os.PathLike, buffer: np.ndarray, starts: np.ndarray, ends: np.ndarray, bad: np.ndarray,
                  num_classes: int) -> None:
    line = int(np.argmax(bad))
    found = _shown(buffer, starts[line], ends[line])
    what = f'unknown class id {found}' if found != "''" else 'empty label'
    raise AnnotationError(explain(
        f'{path} line {line + 1}', f'a class id from 0 to {num_classes - 1}',
        f'{what} ({np.count_nonzero(bad)} such lines of {bad.size})',
        'Correct the file, or leave the video out of the list.'))


def _shown(buffer: np.ndarray, start: int, end: int) -> str:
    return repr(buffer[start:min(end, start + 20)].tobytes().decode('utf-8', 'replace'))


def write_frame_labels(path: str | os.PathLike, labels: np.ndarray) -> None:
    """Write frame labels as released: one id per line, CRLF, no newline at the end.

    Args:
        path (str | os.PathLike): Target file; its folder is made.
        labels (np.ndarray): Class ids, shape (G,), integers.
    """
    _write(path, encode_runs(_checked(labels), '\r\n'))


def read_frame_prediction(path: str | os.PathLike, *, num_classes: int = NUM_CLASSES) -> np.ndarray:
    """Read an official result file (``<result folder>/<uid>``, no extension).

    Args:
        path (str | os.PathLike): File whose first line is a header and whose second one holds the class ids.
        num_classes (int): Ids run from 0 to ``num_classes - 1``.

    Returns:
        np.ndarray: Class ids, shape (P,), int64, P >= 1.

    Raises:
        PredictionError: If the file is missing, is no result file, holds no label or an unknown one.

    Examples:
        >>> write_frame_prediction('uid', np.array([0, 3, 3]))
        >>> read_frame_prediction('uid')
        array([0, 3, 3])
    """
    data = read_bytes(path, PredictionError, 'a result file', _MAX_LABEL_BYTES)
    if b'\r' in data:
        data = data.replace(b'\r\n', b'\n').replace(b'\r', b'\n')
    header, _, rest = data.partition(b'\n')
    if not header.startswith(b'#'):
        raise PredictionError(explain(
            f'{path} line 1', f'{PREDICTION_HEADER!r}', _shown(np.frombuffer(header, np.uint8), 0, 20),
            'Put the class ids into line 2.'))
    buffer, starts, ends = split_words(rest.partition(b'\n')[0])
    if not starts.size:
        raise PredictionError(explain(f'{path} line 2', 'one class id per frame', 'no label in line 2',
                                      'It may be truncated. Predict the video again.'))
    labels, bad = decode_ids(buffer, starts, ends, num_classes)
    if bad.any():
        frame = int(np.argmax(bad))
        raise PredictionError(explain(
            f'{path} frame {frame}', f'a class id from 0 to {num_classes - 1}',
            f'unknown class id {_shown(buffer, starts[frame], ends[frame])} ({np.count_nonzero(bad)} such frames of '
            f'{bad.size})', 'Predict the video again with the classes of this benchmark, or correct the file.'))
    return labels


def write_frame_prediction(path: str | os.PathLike, labels: np.ndarray) -> None:
    """Write an official result file: a header line, then the ids joined by single spaces, no newline at the end.

    Args:
        path (str | os.PathLike): Target file, officially named by the bare uid; its folder is made.
        labels (np.ndarray): Class ids, shape (P,), integers.

    Examples:
        >>> write_frame_prediction('uid', np.array([0, 3, 3]))
        >>> print(Path('uid').read_text())
        ### Frame level recognition: ###
        0 3 3
    """
    _write(path, f'{PREDICTION_HEADER}\n{encode_runs(_checked(labels), " ")}')


def read_class_names(path: str | os.PathLike) -> tuple[str, ...]:
    """Read the class names (``semantic_en.json``), spelling as released.

    Args:
        path (str | os.PathLike): List of ``{"key": name, "value": id}``; class 0 is not in it.

    Returns:
        tuple[str, ...]: Name of each id, ``'background'`` first.

    Raises:
        AnnotationError: If the file is missing or malformed, or its ids are not 1, 2, ... each once.
    """
    records = read_json(path, AnnotationError, 'a class list')
    names: dict[int, str] = {}
    for number, record in enumerate(records if isinstance(records, list) else [records]):
        try:
            value, name = int(record['value']), record['key']
        except (TypeError, KeyError, ValueError, OverflowError) as cause:
            raise AnnotationError(explain(f'{path} record {number}', 'a list of {"key": name, "value": id}',
                                          f'{cause!r}', 'Fetch the file again.')) from cause
        if not isinstance(name, str) or value in names:
            raise AnnotationError(explain(f'{path} record {number}', 'a name and an id of its own',
                                          f'the name {name!r} and the id {value}', 'Correct the record.'))
        names[value] = name
    if not names or sorted(names) != list(range(1, len(names) + 1)):
        raise AnnotationError(explain(path, f'the ids 1 to {len(names)} once each', f'{sorted(names)}',
                                      'Correct the ids.'))
    return ('background', *(names[index] for index in sorted(names)))


def read_video_meta(path: str | os.PathLike) -> dict[str, VideoMeta]:
    """Read ``video_meta_downsampled.json``.

    Args:
        path (str | os.PathLike): List of one record per video.

    Returns:
        dict[str, VideoMeta]: By uid, in file order.

    Raises:
        AnnotationError: If the file is missing or malformed, names a video twice, or a uid leads out of its folder.

    Examples:
        >>> videos = read_video_meta('data/mini/egoexolearn/video_meta_downsampled.json')
        >>> sorted({video.view for video in videos.values()})
        ['ego', 'exo']
    """
    records = read_json(path, AnnotationError, 'a video table')
    videos: dict[str, VideoMeta] = {}
    for number, record in enumerate(records if isinstance(records, list) else [records]):
        where = f'{path} record {number}'
        try:
            meta = VideoMeta(
                uid=record['video_uid'], num_frames=int(record['num_frames']), fps=float(record['fps']),
                width=int(record['width']), height=int(record['height']), view=record['view'],
                scene=record['scene'], task=record['task'])
        except (TypeError, KeyError, ValueError, OverflowError) as cause:
            raise AnnotationError(explain(where, 'video_uid, num_frames, fps, width, height, view, scene and task',
                                          f'{cause!r}', 'Correct the record or fetch the file again.')) from cause
        _check_uid(meta.uid, where, AnnotationError)
        if min(meta.num_frames, meta.fps, meta.width, meta.height) <= 0:
            raise AnnotationError(explain(where, 'numbers above 0', f'{meta}', 'Correct the record.'))
        if not all(isinstance(text, str) for text in (meta.view, meta.scene, meta.task)):
            raise AnnotationError(explain(where, 'view, scene and task as text', f'{meta}', 'Correct the record.'))
        if meta.uid in videos:
            raise AnnotationError(explain(where, 'each video once', f'{meta.uid}, which is named twice',
                                          'Remove one of the two records.'))
        videos[meta.uid] = meta
    return videos


def _checked(labels: np.ndarray) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.ndim != 1 or not labels.size or not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0:
        raise ValueError(f'labels to write must be a non-empty 1-D array of class ids >= 0, got shape {labels.shape}, '
                         f'{labels.dtype}.')
    return labels.astype(np.int64, copy=False)


def _write(path: str | os.PathLike, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(text.encode('utf-8'))
