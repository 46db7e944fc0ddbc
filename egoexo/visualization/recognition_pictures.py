"""Pictures of the segments of action recognition: what was read of a clip, what a network sees of it, what is on disk.

Letters: U stored pictures of a clip, V views, T frames of a view, S side of a crop.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from egoexo.errors import DataError
from egoexo.files import check_file

__all__ = ['clip_places', 'network_pictures', 'read_segment_pictures', 'shrink', 'spread', 'stored_pictures']

_MAX_SIDE, _MAX_PIXELS = 320, 2**26


def spread(number: int, wanted: int) -> list[int]:
    """Places at even distances, the first and the last among them.

    Args:
        number (int): How many there are.
        wanted (int): How many are taken, if there are so many.

    Examples:
        >>> spread(10, 4), spread(2, 4)
        ([0, 3, 6, 9], [0, 1])
    """
    return np.unique(np.linspace(0, number - 1, min(wanted, number)).round().astype(int)).tolist() if number else []


def shrink(picture: np.ndarray) -> np.ndarray:
    """A picture at most 320 pixels wide and high, by taking every n-th row and column.

    Args:
        picture (np.ndarray): (H, W, 3).
    """
    step = -(-max(picture.shape[:2]) // _MAX_SIDE)
    return np.ascontiguousarray(picture[::step, ::step])


def stored_pictures(clip: object, number: int, channel_order: str = 'bgr') -> list[np.ndarray]:
    """Some of the pictures that were read for a clip, before any crop, in order of time.

    Args:
        clip (object): :class:`egoexo.structures.clip_views.ClipViews` or a mapping with its fields; ``frames``
            (U, H, W, 3) and ``views`` (V, T) are used.
        number (int): At most so many.
        channel_order (str): Of the stored pictures, ``'bgr'`` or ``'rgb'``.

    Returns:
        list[np.ndarray]: RGB, uint8 (h, w, 3), shrunk.
    """
    frames, views = (_array(clip, name) for name in ('frames', 'views'))
    order = sorted(set(views.reshape(-1).tolist()))  # views overlap; rows are in order of time
    return [shrink(_as_rgb(frames[order[place]], channel_order)) for place in spread(len(order), number)]


def clip_places(clip_len: int, number: int) -> list[int]:
    """Frames of a clip that are shown: evenly spaced, rounded down, as the slow pathway takes them.

    Args:
        clip_len (int): T.
        number (int): At most so many.

    Examples:
        >>> clip_places(32, 8)
        [0, 4, 8, 13, 17, 22, 26, 31]
    """
    return np.linspace(0, clip_len - 1, min(number, clip_len)).astype(int).tolist()


def network_pictures(inputs: torch.Tensor, number: int, channel_order: str = 'bgr', mean: float = 0.45,
                     std: float = 0.225) -> list[np.ndarray]:
    """Some of the frames of a clip as a network sees them, with every crop, flip and shift of colours.

    Args:
        inputs (torch.Tensor): Normalised, float (3, T, S, S).
        number (int): At most so many; the frames of the slow pathway for T / alpha.
        channel_order (str): Of the tensor.
        mean (float): Taken off by the preprocessor, in 0..1.
        std (float): Divided by.

    Returns:
        list[np.ndarray]: RGB, uint8 (S, S, 3).
    """
    frames = inputs[:, clip_places(inputs.shape[1], number)].float().cpu() * std + mean
    pictures = (frames.permute(1, 2, 3, 0).clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    return [_as_rgb(picture, channel_order).copy() for picture in pictures]


def read_segment_pictures(info: Mapping[str, object], number: int) -> list[np.ndarray]:
    """Read pictures spread over a segment from its folder of frames or its video.

    Args:
        info (Mapping[str, object]): Item of a list: ``start_frame``, ``stop_frame``, and ``frame_pattern``, or
            ``video_path`` with ``frame_rate``.
        number (int): At most so many.

    Returns:
        list[np.ndarray]: RGB, uint8 (h, w, 3), shrunk; empty if any of them is missing or damaged, since a picture must
        not end a test.
    """
    if not {'start_frame', 'stop_frame'} <= info.keys():
        return []
    start, stop = int(info['start_frame']), int(info['stop_frame'])
    numbers = [start + place for place in spread(stop - start + 1, number)]
    if info.get('frame_pattern'):
        pictures = [_read_picture(str(info['frame_pattern']).format(frame=frame)) for frame in numbers]
    elif info.get('video_path'):
        pictures = _read_video(str(info['video_path']), numbers, float(info.get('frame_rate') or 0))
    else:
        return []
    return [] if any(picture is None for picture in pictures) else [shrink(picture) for picture in pictures]


def _array(clip: object, name: str) -> np.ndarray:
    value = clip[name] if isinstance(clip, Mapping) else getattr(clip, name)
    return value.cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


def _as_rgb(picture: np.ndarray, channel_order: str) -> np.ndarray:
    return picture if channel_order == 'rgb' else picture[..., ::-1]


def _read_picture(path: str) -> np.ndarray | None:
    """RGB, uint8 (H, W, 3); None for a file that is missing or damaged."""
    import cv2

    try:
        check_file(path, DataError, 'a frame', max_bytes=_MAX_PIXELS)
        picture = cv2.imdecode(np.frombuffer(Path(path).read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    except (DataError, OSError, ValueError, cv2.error):
        return None
    return None if picture is None else picture[..., ::-1]


def _read_video(path: str, numbers: Sequence[int], frame_rate: float) -> list[np.ndarray | None]:
    """Pictures on screen at the times of some frames, of which the first has number 1."""
    import cv2

    video = cv2.VideoCapture(path)
    try:
        fps, count = video.get(cv2.CAP_PROP_FPS) or 1.0, int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        pictures: list[np.ndarray | None] = []
        for number in numbers:
            place = int((number - 1) / (frame_rate or fps) * fps + 0.01)
            video.set(cv2.CAP_PROP_POS_FRAMES, min(place, count - 1))
            found, picture = video.read()
            pictures.append(picture[..., ::-1] if found else None)
        return pictures
    finally:
        video.release()
