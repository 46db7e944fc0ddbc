"""A folder with one picture file per frame of a video: which frames there are, without opening any."""

import os
import re
import string
from functools import lru_cache
from pathlib import Path

import numpy as np

from egoexo.errors import ConfigError, explain

__all__ = ['FrameFolder', 'FrameTemplate', 'frame_folder']

_FIELDS = ('participant', 'video', 'frame')
_NUMBER = re.compile('[0-9]{1,15}')


class FrameTemplate:
    """Where frames lie, in words of a format string.

    Args:
        template (str): Path under a root, e.g.
            ``'{participant}/rgb_frames/{video}/frame_{frame:010d}.jpg'``. Only the file name has ``{frame}``.
        root (str | Path): What it is relative to.

    Raises:
        ConfigError: If it is no such template.

    Examples:
        >>> FrameTemplate('{participant}/{video}/frame_{frame:010d}.jpg', '/data').pattern('P01', 'P01_01')
        '/data/P01/P01_01/frame_{frame:010d}.jpg'
    """

    def __init__(self, template: str, root: str | Path = '') -> None:
        self.folder, self.name = os.path.split(str(template))
        self.root = str(root)
        try:
            folder, name = (list(string.Formatter().parse(part)) for part in (self.folder, self.name))
        except ValueError:
            folder, name = [('', '?', '', None)], []
        used = [field for _, field, _, _ in (*folder, *name) if field is not None]
        frames = [(field, form) for _, field, form, _ in name if field == 'frame']
        if set(used) - set(_FIELDS) or used.count('frame') != 1 or not frames or not _is_number_form(frames[0][1]):
            raise ConfigError(explain(
                'frame_templates', "paths like '{participant}/{video}/frame_{frame:010d}.jpg', with {frame} in the "
                'file name alone', repr(template), 'Correct it in the config.'))

    def pattern(self, participant: str, video: str) -> str:
        """Path of the frames of a video, with ``{frame}`` still open.

        Args:
            participant (str): Id of the person who recorded it.
            video (str): Id of the video.

        Returns:
            str: A format string.
        """
        values = dict(participant=participant, video=video)
        folder = os.path.join(self.root, self.folder.format(**values))
        frame = next(form for _, field, form, _ in string.Formatter().parse(self.name) if field == 'frame')
        name = self.name.replace(f'{{frame:{frame}}}' if frame else '{frame}', '\0').format(**values)
        return os.path.join(_escaped(folder), _escaped(name).replace('\0', f'{{frame:{frame}}}'))

    def find(self, participant: str, video: str) -> str | None:
        """The pattern of a video if its folder exists, else None; see :meth:`pattern`."""
        pattern = self.pattern(participant, video)
        return pattern if os.path.isdir(_folder_of(pattern)) else None


class FrameFolder:
    """The frame numbers of one folder, as runs without a gap.

    Args:
        pattern (str): Path of its files, a format string with ``{frame}``.

    Examples:
        >>> folder = frame_folder('/nowhere/frame_{frame:010d}.jpg')
        >>> folder.num_missing(1, 10), folder.nearest(4)
        (10, None)
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        parts = list(string.Formatter().parse(os.path.basename(pattern)))
        prefix = parts[0][0]
        suffix = ''.join(part[0] for part in parts[1:])
        try:
            names = os.listdir(_folder_of(pattern))
        except OSError:
            names = []
        end = -len(suffix) or None
        texts = [name[len(prefix):end] for name in names if name.startswith(prefix) and name.endswith(suffix)]
        numbers = np.unique(np.array([int(text) for text in texts if _NUMBER.fullmatch(text)], dtype=np.int64))
        breaks = np.flatnonzero(np.diff(numbers) != 1) + 1
        runs = np.split(numbers, breaks) if numbers.size else []
        #: First and last number of each run, int64, (n, 2).
        self.runs = np.array([(run[0], run[-1]) for run in runs], dtype=np.int64).reshape(-1, 2)

    @property
    def last(self) -> int:
        """Largest frame number, 0 of an empty folder."""
        return int(self.runs[-1, 1]) if len(self.runs) else 0

    def num_missing(self, first: int, last: int) -> int:
        """Count the frames of a range that are not there.

        Args:
            first (int): First number.
            last (int): Last number, itself a part of the range.

        Returns:
            int: How many.
        """
        present = np.minimum(self.runs[:, 1], last) - np.maximum(self.runs[:, 0], first) + 1
        return last - first + 1 - int(present.clip(0).sum())

    def first_missing(self, first: int, last: int) -> int | None:
        """Lowest number of a range that is not there, None if all are. See :meth:`num_missing`."""
        for begin, end in self.runs.tolist():
            if begin <= first <= end:
                first = end + 1
        return first if first <= last else None

    def nearest(self, number: int) -> int | None:
        """The number that is there and closest to another one, the lower of two; None of an empty folder.

        Args:
            number (int): Any frame number.

        Returns:
            int | None: The number itself if it is there.
        """
        if not len(self.runs):
            return None
        closest = np.clip(number, self.runs[:, 0], self.runs[:, 1])
        return int(closest[np.abs(closest - number).argmin()])


def frame_folder(pattern: str) -> FrameFolder:
    """The folder of a pattern, listed once in a process as long as it does not change.

    Args:
        pattern (str): Path of its files, a format string with ``{frame}``.

    Returns:
        FrameFolder: Its numbers.
    """
    try:
        changed = os.stat(_folder_of(pattern)).st_mtime_ns
    except OSError:
        changed = 0
    return _listed(pattern, changed)


@lru_cache(maxsize=1024)
def _listed(pattern: str, changed: int) -> FrameFolder:
    return FrameFolder(pattern)


def _folder_of(pattern: str) -> str:
    return os.path.dirname(pattern).replace('{{', '{').replace('}}', '}')


def _escaped(text: str) -> str:
    return text.replace('{', '{{').replace('}', '}}')


def _is_number_form(form: str | None) -> bool:
    return re.fullmatch('(0?[0-9]{1,2}d?)?', form or '') is not None

