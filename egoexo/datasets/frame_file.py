"""One stored frame of a video: a JPEG or PNG file."""

import os

import cv2
import numpy as np

from egoexo.errors import DataError, explain
from egoexo.files import read_bytes

__all__ = ['MAX_FRAME_BYTES', 'decode_frame', 'read_frame']

#: Largest file of one frame; a JPEG of 1920 x 1080 has half a megabyte.
MAX_FRAME_BYTES = 64 * 2**20
#: A file of a few bytes can announce a picture of gigabytes.
_MAX_PIXELS = 2**26
_TAIL = 1024  # bytes within which a file ends with its mark; some writers pad
_AGAIN = 'It is damaged or of another kind. Extract or fetch it again.'


def read_frame(path: str | os.PathLike) -> np.ndarray:
    """Read and decode a frame, as the released loaders do: with OpenCV, blue first.

    Args:
        path (str | os.PathLike): The file.

    Returns:
        np.ndarray: BGR, uint8, (H, W, 3).

    Raises:
        DataError: If the file is missing, no JPEG or PNG picture, truncated or too large.
    """
    return decode_frame(read_bytes(path, DataError, 'a frame of a video', MAX_FRAME_BYTES), path)


def decode_frame(data: bytes, where: object) -> np.ndarray:
    """Decode a frame.

    Args:
        data (bytes): Content of its file.
        where (object): The file, for messages.

    Returns:
        np.ndarray: BGR, uint8, (H, W, 3).

    Raises:
        DataError: If it is no JPEG or PNG picture, truncated or too large.
    """
    height, width = _announced(data)
    if not 0 < height * width <= _MAX_PIXELS:
        found = f'{height} x {width} pixels' if height * width else 'something else' if data else 'an empty file'
        raise DataError(explain(where, f'a JPEG or PNG picture of at most {_MAX_PIXELS:,} pixels', found, _AGAIN))
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        picture = None
    # Some versions of OpenCV fill the rest of a truncated JPEG with grey and say so only on the console.
    whole = any(mark in data[-_TAIL:] for mark in (b'\xff\xd9', b'IEND\xaeB`\x82'))
    if picture is None or not whole:
        raise DataError(explain(where, 'a JPEG or PNG picture', f'{len(data):,} bytes that cannot be decoded', _AGAIN))
    return picture


def _announced(data: bytes) -> tuple[int, int]:
    """Height and width that the header says; zeros if it is none of a JPEG or PNG file."""
    if data[:8] == b'\x89PNG\r\n\x1a\n':
        return int.from_bytes(data[20:24], 'big'), int.from_bytes(data[16:20], 'big')
    if data[:2] != b'\xff\xd8':
        return 0, 0
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        kind = data[place + 1]
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):  # a start of frame
            return int.from_bytes(data[place + 5:place + 7], 'big'), int.from_bytes(data[place + 7:place + 9], 'big')
        # A fill byte is followed by the marker itself; all other segments say how long they are.
        place += 1 if kind == 0xFF else 2 + int.from_bytes(data[place + 2:place + 4], 'big')
    return 0, 0
