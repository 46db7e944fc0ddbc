"""Class ids written as decimal text, decoded and encoded without a Python loop over frames."""

from collections.abc import Sequence

import numpy as np

__all__ = ['decode_ids', 'encode_runs', 'split_lines', 'split_words']

_NEWLINE, _RETURN, _SPACE, _ZERO = 10, 13, 32, 48


def split_lines(data: bytes, drop_last: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Byte ranges of the lines of a text file, as ``open(path).read().split('\\n')`` would cut it.

    Args:
        data (bytes): File content; LF, CRLF and CR all end a line.
        drop_last (bool): Drop the element behind the last newline whatever it holds. Otherwise it is dropped only
            when empty, that is when the file ends with a newline.

    Returns:
        tuple[np.ndarray, np.ndarray, np.ndarray]: The bytes (B,) uint8 that the ranges index, and first and
        past-the-end offset of each line, (L,) int64 each, line ends excluded.
    """
    buffer = np.frombuffer(data, np.uint8)
    feeds = np.flatnonzero(buffer == _NEWLINE)
    after_return = buffer[feeds - 1] == _RETURN
    if data.count(b'\r') != np.count_nonzero(after_return):  # a lone CR ends a line as well: rare, so cut again
        return split_lines(data.replace(b'\r\n', b'\n').replace(b'\r', b'\n'), drop_last)
    starts, ends = np.concatenate([[0], feeds + 1]), np.concatenate([feeds - after_return, [buffer.size]])
    if drop_last or starts[-1] == buffer.size:
        starts, ends = starts[:-1], ends[:-1]
    return buffer, starts, ends


def split_words(data: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Byte ranges of the words of one line, cut at runs of white space; returns what :func:`split_lines` does."""
    buffer = np.frombuffer(data, np.uint8)
    inside = np.zeros(buffer.size + 2, bool)
    inside[1:-1] = buffer > _SPACE
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    return buffer, edges[::2], edges[1::2]


def decode_ids(
        buffer: np.ndarray, starts: np.ndarray, ends: np.ndarray, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Decode decimal class ids.

    Args:
        buffer (np.ndarray): Bytes, (B,) uint8.
        starts (np.ndarray): First byte of each id, (L,).
        ends (np.ndarray): Byte past each id, (L,).
        num_classes (int): Ids run from 0 to ``num_classes - 1``.

    Returns:
        tuple[np.ndarray, np.ndarray]: Ids (L,) int64, and whether each is unusable (L,) bool: empty, not a plain
        decimal number (signs, spaces and leading zeros included), or not below ``num_classes``.
    """
    lengths = ends - starts
    num_digits = len(str(num_classes - 1))
    ids = np.zeros(starts.size, np.int64)
    bad = (lengths < 1) | (lengths > num_digits)
    if not buffer.size:
        return ids, bad
    for place in range(num_digits):
        present = lengths > place
        digit = buffer[np.where(present, ends - 1 - place, 0)] - np.uint8(_ZERO)  # below '0' wraps to above 9
        bad |= present & (digit > 9)
        ids += np.where(present, digit, np.uint8(0)).astype(np.int64) * 10**place
    bad |= (lengths > 1) & (buffer[np.minimum(starts, buffer.size - 1)] == _ZERO)
    return ids, bad | (ids >= num_classes)


def encode_runs(labels: np.ndarray, separator: str) -> str:
    """Write ids as decimal text, ``separator`` between two of them and none at the end; cost grows with the runs.

    Args:
        labels (np.ndarray): Class ids, (G,) integers.
        separator (str): Put between neighbours.
    """
    starts = np.flatnonzero(np.diff(labels, prepend=labels[:1] - 1))
    lengths: Sequence[int] = np.diff(starts, append=labels.size).tolist()
    text = ''.join([f'{label}{separator}' * num for label, num in zip(labels[starts].tolist(), lengths, strict=True)])
    return text.removesuffix(separator)
