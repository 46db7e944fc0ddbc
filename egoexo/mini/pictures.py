"""Videos stored as numbered JPEG files: the same pictures give the same bytes, and a folder is whole or absent."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from egoexo.errors import VideoError

__all__ = ['QUALITY', 'write_pictures']

QUALITY = 90  # of the JPEG files; 3.8 kB for an ego picture of 128 x 128


def write_pictures(folder: str | Path, blocks: Iterable[np.ndarray], template: str, first: int) -> int:
    """Write BGR frames as JPEG files of a folder that appears under its name only when all are there.

    Args:
        folder (str | Path): Target folder.
        blocks (Iterable[np.ndarray]): Blocks of frames, each (n, H, W, 3) uint8 BGR.
        template (str): File name with one place for the number, e.g. ``'frame_{:010d}.jpg'``.
        first (int): Number of the first frame.

    Returns:
        int: Number of frames written.

    Raises:
        VideoError: There is no frame.
    """
    folder = Path(folder)
    part = folder.with_name(folder.name + '.part')
    shutil.rmtree(part, ignore_errors=True)  # of a run that was killed
    part.mkdir(parents=True)
    number = first
    for block in blocks:
        for picture in block:
            content = cv2.imencode('.jpg', picture, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))[1]
            (part / template.format(number)).write_bytes(content.tobytes())
            number += 1
    if number == first:
        part.rmdir()
        raise VideoError(f'{folder}: no frame was given; expected at least one block (n, H, W, 3).')
    os.replace(part, folder)
    return number - first
