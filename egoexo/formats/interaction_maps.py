"""Detected hands and touched objects of a video, as Ego-Exo has saved them: an array of objects, one per frame."""

import io
import os

import numpy as np

from egoexo.errors import AnnotationError, explain
from egoexo.files import read_bytes
from egoexo.formats.numpy_pickle import NUMPY_NAMES
from egoexo.formats.plain_pickle import PickleRefusal, parse_pickle, shown

__all__ = ['read_interaction_boxes']

_WHAT = 'detections of hands and objects, an .npy file'
_MAX_BYTES = 2**29
_MIN_COLUMNS = 5  # x1, y1, x2, y2, score
_ADVICE = 'Make the file again.'


def read_interaction_boxes(path: str | os.PathLike) -> list[tuple[np.ndarray | None, np.ndarray | None]]:
    """Read the detections of one video (Ego-Exo, CVPR 2021).

    Args:
        path (str | os.PathLike): ``<video_id>.npy``: an array of objects whose entry f is a pair (objects, hands), each
            None or (n, 5 or more). The pickle in it is read as plain data; nothing in it is executed.

    Returns:
        list[tuple[np.ndarray | None, np.ndarray | None]]: For each entry the objects and the hands: x1, y1, x2, y2 in
        pixels of the stored frame, score, and further columns as stored, float32, (n, 5 or more); None where there are
        none. Do not write into them.

    Raises:
        AnnotationError: If the file is missing or malformed, or a number is NaN or infinite; names the entry.
    """
    content = _read_array(path)
    if content.ndim not in (1, 2) or (content.ndim == 2 and content.shape[1] != 2) or not len(content):
        raise AnnotationError(explain(path, 'an array with a pair (objects, hands) for each frame',
                                      f'shape {content.shape}', _ADVICE))
    frames = []
    for number, pair in enumerate(content):
        where = f'{path} entry {number}'
        if pair is None:
            pair = (None, None)
        if not isinstance(pair, tuple | list | np.ndarray) or (
                isinstance(pair, np.ndarray) and not pair.ndim) or len(pair) != 2:
            raise AnnotationError(explain(where, 'a pair (objects, hands)', shown(pair), _ADVICE))
        objects, hands = pair
        frames.append((_boxes(objects, f'{where} objects'), _boxes(hands, f'{where} hands')))
    return frames


def _read_array(path: str | os.PathLike) -> np.ndarray:
    data = read_bytes(path, AnnotationError, _WHAT, _MAX_BYTES)
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        _, _, dtype = read_header[version](stream)
    except Exception as cause:  # a damaged header fails in any way
        raise AnnotationError(explain(path, _WHAT, f'a header that cannot be read ({type(cause).__name__})',
                                      'It may be truncated. Make or fetch it again.')) from cause
    if not dtype.hasobject:
        raise AnnotationError(explain(path, 'an array of objects, a pair for each frame', f'one of {dtype}', _ADVICE))
    try:
        content, end = parse_pickle(data, NUMPY_NAMES, stream.tell())
        if not isinstance(content, np.ndarray) or end != len(data):
            raise PickleRefusal(f'{shown(content)} and {len(data) - end:,} more bytes')
    except PickleRefusal as refusal:
        raise AnnotationError(explain(path, f'{_WHAT}, with a pickle of arrays', refusal, 'Nothing of it was executed. '
                                      'Make or fetch it again.')) from refusal
    return content


def _boxes(boxes: object, where: str) -> np.ndarray | None:
    if boxes is None or (isinstance(boxes, np.ndarray) and not boxes.size):
        return None
    if not isinstance(boxes, np.ndarray) or boxes.ndim != 2 or boxes.shape[1] < _MIN_COLUMNS or (
            boxes.dtype.kind not in 'fiu'):
        found = f'{boxes.dtype} {boxes.shape}' if isinstance(boxes, np.ndarray) else shown(boxes)
        raise AnnotationError(explain(where, f'None or numbers (n, {_MIN_COLUMNS} or more)', found, _ADVICE))
    boxes = boxes.astype(np.float32, copy=False)
    if not np.isfinite(boxes).all():
        raise AnnotationError(explain(where, 'finite numbers', 'NaN or infinity', _ADVICE))
    return boxes
