"""Pictures of a take for the benchmark correspondence: every 30th frame of its videos, smaller, as JPEG."""

from collections.abc import Sequence
from pathlib import Path

import cv2

from egoexo.datasets.video_reader import VideoReader
from egoexo.errors import ConfigError, DataError, explain

__all__ = ['FRAME_STEP', 'MIN_OFFICIAL_HEIGHT', 'TooSmallError', 'check_target_size', 'extract_frames', 'picture_size',
           'video_path']

#: Frames of the 30 fps videos between two pictures.
FRAME_STEP = 30
#: The official code writes no picture of a lower video, without a word.
MIN_OFFICIAL_HEIGHT = 1408
_FOLDER = 'frame_aligned_videos'
_SMALL = 'downscaled/448'


class TooSmallError(DataError):
    """A video is too low for the official sizes."""


def check_target_size(target_size: int | str | None) -> None:
    """Refuse a size that cannot be meant.

    Args:
        target_size (int | str, optional): To be looked at.

    Raises:
        ConfigError: If it is not None, ``'none'`` or a whole number from 16 on.
    """
    is_size = type(target_size) is int and 16 <= target_size <= 2**15
    if not is_size and target_size not in (None, 'none'):
        raise ConfigError(explain('target_size', "the longest side in pixels, 16 or more, or 'none'", repr(target_size),
                                  'Choose one, or leave it out for the official sizes.'))


def video_path(root: str | Path, take_name: str, camera: str, small: bool = False) -> Path:
    """Video of a camera in a download of Ego-Exo4D.

    Args:
        root (str | Path): Folder that holds ``takes/``.
        take_name (str): Name of the folder of the take.
        camera (str): Such as ``aria01_214-1`` or ``cam01``.
        small (bool): Use the video of the downscaled takes where the full one is missing.

    Returns:
        Path: May not exist.
    """
    folder = Path(root) / 'takes' / take_name / _FOLDER
    full = folder / f'{camera}.mp4'
    if small and not full.exists() and (folder / _SMALL / full.name).exists():
        return folder / _SMALL / full.name
    return full


def picture_size(height: int, width: int, ego: bool, target_size: int | str | None,
                 where: str = 'video') -> tuple[int, int]:
    """Size of the pictures that are made of a video.

    Args:
        height (int): Of the video.
        width (int): Of the video.
        ego (bool): Whether the ego camera took it.
        target_size (int | str, optional): Longest side, or ``'none'`` for the size of the video; by default the
            official half of an ego and quarter of an exo video. Pictures are never enlarged.
        where (str): Name of the video, for the message.

    Returns:
        tuple[int, int]: Height and width.

    Raises:
        TooSmallError: If the official size is asked for and the video is lower than :data:`MIN_OFFICIAL_HEIGHT`.
    """
    if target_size is None:
        if height < MIN_OFFICIAL_HEIGHT:
            raise TooSmallError(explain(
                where, f'a height of at least {MIN_OFFICIAL_HEIGHT} pixels for pictures of official size',
                f'a video of {width}x{height}', 'Download the take in full resolution, or use --target-size none, or a '
                'number of pixels for the longest side.'))
        return (height // 2, width // 2) if ego else (height // 4, width // 4)
    if target_size == 'none' or target_size >= max(height, width):
        return height, width
    scale = target_size / max(height, width)
    return max(round(height * scale), 1), max(round(width * scale), 1)


def extract_frames(video: VideoReader, folder: Path, frames: Sequence[int], size: tuple[int, int]) -> None:
    """Write frames of a video as JPEG files of quality 95, in one pass and one at a time.

    Args:
        video (VideoReader): Open.
        folder (Path): Is made; a frame becomes ``<frame>.jpg``.
        frames (Sequence[int]): Increasing frame numbers inside the video.
        size (tuple[int, int]): Height and width of the pictures; OpenCV shrinks them bilinearly.

    Raises:
        VideoError: If a frame cannot be decoded.
        OSError: If a picture cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for frame in frames:
        picture = video.get_batch([frame])[0]
        if picture.shape[:2] != size:
            picture = cv2.resize(picture, (size[1], size[0]))
        coded = cv2.imencode('.jpg', cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
        (folder / f'{frame}.jpg').write_bytes(coded.tobytes())
