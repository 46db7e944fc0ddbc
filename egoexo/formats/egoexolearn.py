"""Official files of EgoExoLearn's temporal action segmentation benchmark, read and written unchanged."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from egoexo.errors import AnnotationError, EgoExoError, PredictionError
from egoexo.formats.label_text import decode_ids, encode_runs, split_lines, split_words

__all__ = [
    'NUM_CLASSES',
    'PREDICTION_HEADER',
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


def _read_bytes(path: str | os.PathLike, what: str, error: type[EgoExoError]) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as cause:
        reason = 'does not exist' if isinstance(cause, FileNotFoundError) else f'cannot be read ({cause.strerror})'
        raise error(f'{what} {path} {reason}. Check the path and the official folder layout.') from cause


def _read_text(path: str | os.PathLike, what: str) -> str:
    try:
        return _read_bytes(path, what, AnnotationError).decode('utf-8')
    except UnicodeDecodeError as cause:
        raise AnnotationError(f'{what} {path} is not UTF-8 text ({cause}); expected the official text file.') from cause


def _read_json(path: str | os.PathLike, what: str) -> object:
    text = _read_text(path, what)
    try:
        return json.loads(text)
    except json.JSONDecodeError as cause:
        raise AnnotationError(f'{what} {path} is not valid JSON ({cause}); it may be truncated.') from cause


def read_split(path: str | os.PathLike) -> list[str]:
    """Read a list of videos (``splits/<subset>_annotations.bundle``).

    Args:
        path (str | os.PathLike): File with one ``<uid>.txt`` per line.

    Returns:
        list[str]: uids in file order, the name up to its first dot.

    Raises:
        AnnotationError: If the file is missing or empty, or a line is empty or names a video twice.
    """
    lines = _read_text(path, 'Split list').strip().splitlines()
    if not lines:
        raise AnnotationError(f'Split list {path} is empty; expected one <uid>.txt per line.')
    uids = [line.strip().split('.')[0] for line in lines]
    first_line: dict[str, int] = {}
    for number, uid in enumerate(uids, start=1):
        if not uid or '/' in uid:
            raise AnnotationError(f'Split list {path} line {number}: {lines[number - 1]!r} is no <uid>.txt.')
        if uid in first_line:
            raise AnnotationError(f'Split list {path} line {number}: {uid} is already in line {first_line[uid]}; '
                                  'a list names each video once, so remove one of the two lines.')
        first_line[uid] = number
    return uids


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
    """
    data = _read_bytes(path, 'Label file', AnnotationError)
    buffer, starts, ends = split_lines(data, drop_last_line)
    if not starts.size:
        raise AnnotationError(f'Label file {path} holds no label; expected one class id per frame and line'
                              f'{", the last of which is dropped" if drop_last_line else ""}.')
    labels, bad = decode_ids(buffer, starts, ends, num_classes)
    if bad.any():
        _refuse_label(path, buffer, starts, ends, bad, num_classes)
    return labels


def _refuse_label(path: str | os.PathLike, buffer: np.ndarray, starts: np.ndarray, ends: np.ndarray, bad: np.ndarray,
                  num_classes: int) -> None:
    line = int(np.argmax(bad))
    found = _shown(buffer, starts[line], ends[line])
    what = f'unknown class id {found}' if found != "''" else 'empty label'
    raise AnnotationError(f'Label file {path} line {line + 1}: {what}, expected 0 to {num_classes - 1} '
                          f'({np.count_nonzero(bad)} such lines of {bad.size}). Correct the file or leave the video '
                          'out of the list.')


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
    """
    data = _read_bytes(path, 'Result file', PredictionError)
    if b'\r' in data:
        data = data.replace(b'\r\n', b'\n').replace(b'\r', b'\n')
    header, _, rest = data.partition(b'\n')
    if not header.startswith(b'#'):
        raise PredictionError(f'Result file {path} line 1 is {_shown(np.frombuffer(header, np.uint8), 0, 20)}, expected'
                              f' {PREDICTION_HEADER!r}; the class ids belong in line 2.')
    buffer, starts, ends = split_words(rest.partition(b'\n')[0])
    if not starts.size:
        raise PredictionError(f'Result file {path} has no label in line 2; it may be truncated, so predict it again.')
    labels, bad = decode_ids(buffer, starts, ends, num_classes)
    if bad.any():
        frame = int(np.argmax(bad))
        raise PredictionError(f'Result file {path} frame {frame}: unknown class id '
                              f'{_shown(buffer, starts[frame], ends[frame])}, expected 0 to {num_classes - 1} '
                              f'({np.count_nonzero(bad)} such frames of {bad.size}).')
    return labels


def write_frame_prediction(path: str | os.PathLike, labels: np.ndarray) -> None:
    """Write an official result file: a header line, then the ids joined by single spaces, no newline at the end.

    Args:
        path (str | os.PathLike): Target file, officially named by the bare uid; its folder is made.
        labels (np.ndarray): Class ids, shape (P,), integers.
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
    records = _read_json(path, 'Class list')
    try:
        names = {int(record['value']): str(record['key']) for record in records}
    except (TypeError, KeyError, ValueError) as cause:
        raise AnnotationError(
            f'Class list {path} must be a list of {{"key": name, "value": id}} ({cause!r}).') from cause
    if len(names) != len(records) or sorted(names) != list(range(1, len(names) + 1)):
        raise AnnotationError(f'Class list {path} must give the ids 1 to {len(records)} once each, '
                              f'found {sorted(int(record["value"]) for record in records)}.')
    return ('background', *(names[index] for index in sorted(names)))


def read_video_meta(path: str | os.PathLike) -> dict[str, VideoMeta]:
    """Read ``video_meta_downsampled.json``.

    Args:
        path (str | os.PathLike): List of one record per video.

    Returns:
        dict[str, VideoMeta]: By uid, in file order.

    Raises:
        AnnotationError: If the file is missing or malformed or names a video twice.
    """
    records = _read_json(path, 'Video table')
    videos: dict[str, VideoMeta] = {}
    for number, record in enumerate(records if isinstance(records, list) else [records]):
        try:
            meta = VideoMeta(
                uid=record['video_uid'], num_frames=int(record['num_frames']), fps=float(record['fps']),
                width=int(record['width']), height=int(record['height']), view=record['view'],
                scene=record['scene'], task=record['task'])
        except (TypeError, KeyError, ValueError) as cause:
            raise AnnotationError(f'Video table {path} record {number}: {cause!r}; expected video_uid, num_frames, '
                                  'fps, width, height, view, scene, task.') from cause
        if meta.uid in videos:
            raise AnnotationError(f'Video table {path} record {number}: {meta.uid} is named twice.')
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
