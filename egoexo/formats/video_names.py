"""How a video of a folder is called everywhere else: in feature folders, annotations and predictions."""

from pathlib import PurePosixPath

__all__ = ['VIDEO_SUFFIXES', 'video_uid']

#: Endings by which a file counts as a video; compared without regard to case.
VIDEO_SUFFIXES = ('.mp4', '.mkv', '.mov', '.avi', '.webm', '.m4v', '.mpg', '.mpeg', '.ts')


def video_uid(name: str) -> str:
    """Flat name of a video: its path below the video folder without the ending, ``/`` written as ``__``.

    Feature folders are flat, one file per video, so ``kitchen/a.mp4`` becomes ``kitchen__a``. A name without one of
    :data:`VIDEO_SUFFIXES` is kept whole, dots included.

    Args:
        name (str): Relative path, with or without the ending.

    Returns:
        str: The name.

    Examples:
        >>> video_uid('kitchen/day.1.MP4'), video_uid('kitchen__day.1')
        ('kitchen__day.1', 'kitchen__day.1')
    """
    path = PurePosixPath(name.replace('\\', '/'))
    stem = str(path.with_suffix('')) if path.suffix.lower() in VIDEO_SUFFIXES else str(path)
    return stem.replace('/', '__')
