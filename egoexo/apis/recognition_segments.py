"""Segments of videos and of frame folders of one's own, as items of the data set of action recognition."""

import csv
import io
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from egoexo.datasets.frame_folder import frame_folder
from egoexo.datasets.video_reader import VideoReader
from egoexo.errors import AnnotationError, DataError, explain
from egoexo.files import read_text

__all__ = ['DEFAULT_FPS', 'SegmentSource', 'open_source', 'read_segments']

#: Frames per second at which EPIC-Kitchens-55 frames are numbered; of the extension, ids like ``P01_101``, it is 50.
DEFAULT_FPS, _EXTENSION_FPS = 60.0, 50.0
_EXTENSION = re.compile(r'P\d{2}_\d{3}')
_FRAME_NAME = re.compile(r'(.*?)(\d+)(\.(?:jpe?g|png))', re.IGNORECASE)
_MAX_BYTES = 2**28
_COLUMNS = ('source', 'start_sec', 'end_sec')


@dataclass(frozen=True)
class SegmentSource:
    """A video file or a folder with one picture per frame.

    Args:
        path (Path): Where it is.
        fps (float): Frames per second by which its frames are counted, from 1.
        last_frame (int): Number of the last one.
        pattern (str): Path of the pictures with ``{frame}``; empty for a video file.
    """

    path: Path
    fps: float
    last_frame: int
    pattern: str = ''

    def item(self, start_sec: float | None, end_sec: float | None) -> dict[str, object]:
        """What a pipeline needs to know of a segment.

        Seconds become frames as in the annotation of EPIC-Kitchens: the frame before or at the moment, at least 1.

        Args:
            start_sec (float | None): Begin; ``None`` for that of the video.
            end_sec (float | None): End; ``None`` for that of the video.

        Returns:
            dict[str, object]: ``start_frame``, ``stop_frame``, ``frame_rate``, and ``frame_pattern`` or ``video_path``.

        Raises:
            DataError: If there is no such segment.
        """
        length = self.last_frame / self.fps
        start, end = 0.0 if start_sec is None else float(start_sec), length if end_sec is None else float(end_sec)
        if not (0 <= start < end and start < length):
            raise DataError(explain(self.path, f'a segment inside its {length:.2f} s, which ends after it begins',
                                    f'{start:g} to {end:g} s', 'Correct start_sec and end_sec; they are seconds.'))
        first = max(1, math.floor(start * self.fps))
        last = self.last_frame if end_sec is None else min(max(math.floor(end * self.fps), first), self.last_frame)
        where = {'frame_pattern': self.pattern} if self.pattern else {'video_path': str(self.path)}
        return {'start_frame': min(first, last), 'stop_frame': last, 'frame_rate': self.fps} | where


def open_source(path: str | Path, fps: float | None = None) -> SegmentSource:
    """Look at a video file or a folder of pictures.

    Args:
        path (str | Path): The file, or a folder whose pictures are numbered, e.g. ``frame_0000000001.jpg``.
        fps (float | None): Frames per second. Of a folder: the rate at which its pictures were extracted. Of a video:
            the rate at which clips are sampled, whatever its own is. ``None`` takes that of EPIC-Kitchens, 50 for names
            like ``P01_101`` and 60 for all others.

    Returns:
        SegmentSource: What was found.

    Raises:
        DataError: If it does not exist, or holds no numbered pictures.
        VideoError: If the video cannot be read.
        ValueError: If ``fps`` is no positive number.
    """
    path = Path(path)
    rate = fps if fps is not None else _EXTENSION_FPS if _EXTENSION.fullmatch(path.stem) else DEFAULT_FPS
    if not 0 < rate < math.inf:
        raise ValueError(f'fps must be a positive number, got {fps}.')
    if path.is_dir():
        pattern = _find_pattern(path)
        return SegmentSource(path, float(rate), frame_folder(pattern).last, pattern)
    if not path.is_file():
        raise DataError(explain(path, 'a video file or a folder of frames', 'nothing', 'Check the path.'))
    with VideoReader(path) as video:
        times = video.timestamps_sec
        length = float(times[-1]) + 1 / video.fps
    return SegmentSource(path, float(rate), max(1, math.floor(length * rate)))


def _find_pattern(folder: Path) -> str:
    """Path of the numbered pictures of a folder, with ``{frame}``."""
    kinds: dict[tuple[str, int, str], int] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            match = _FRAME_NAME.fullmatch(entry.name)
            if match:
                prefix, digits, suffix = match.groups()
                kind = (prefix, len(digits), suffix)
                kinds[kind] = kinds.get(kind, 0) + 1
    if not kinds:
        raise DataError(explain(folder, 'numbered pictures, e.g. frame_0000000001.jpg', 'none',
                                'Extract the frames of the video, or give the video file itself.'))
    # Numbers without zeros in front of them have several widths; they are one series.
    series = {(prefix, suffix) for prefix, _, suffix in kinds}
    if len(series) > 1:
        found = ', '.join(sorted(f'{prefix}<number>{suffix}' for prefix, suffix in series)[:5])
        raise DataError(explain(folder, 'one series of numbered pictures', found, 'Keep one of them in the folder.'))
    (prefix, suffix), = series
    width = min(digits for _, digits, _ in kinds)
    name = f'{prefix}\0{suffix}'.replace('{', '{{').replace('}', '}}').replace('\0', f'{{frame:0{width}d}}')
    return str(folder).replace('{', '{{').replace('}', '}}') + os.sep + name


def read_segments(path: str | Path, root: str | Path | None = None) -> list[dict[str, object]]:
    """Read a table of segments.

    Args:
        path (str | Path): CSV with the columns ``source`` (video file or folder of frames), ``start_sec`` and
            ``end_sec``, both empty for a whole video, and optionally ``sample_id`` and ``narration``.
        root (str | Path | None): What the sources are relative to; ``None`` for the folder of the table.

    Returns:
        list[dict[str, object]]: ``source`` (Path), ``start_sec``, ``end_sec`` (float or None), ``sample_id`` and
        ``narration`` (str), in the order of the file.

    Raises:
        AnnotationError: If the file is missing, lacks a column, or a time is no number; names the line.
    """
    path = Path(path)
    root = path.parent if root is None else Path(root)
    reader = csv.DictReader(io.StringIO(read_text(path, AnnotationError, 'a table of segments', _MAX_BYTES)))
    lacking = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
    if lacking:
        raise AnnotationError(explain(path, f'columns {", ".join(_COLUMNS)}', ', '.join(reader.fieldnames or ())[:200]
                                      or 'an empty file', 'Write a head line with these names.'))
    rows = []
    for line in reader:
        times = _times(line, f'{path} line {reader.line_num}')
        source = (line['source'] or '').strip()
        if not source:
            raise AnnotationError(explain(f'{path} line {reader.line_num}', 'a source', 'none',
                                          'Name the video file or the folder of frames.'))
        number = len(rows)
        rows.append({'source': root / source, 'start_sec': times[0], 'end_sec': times[1],
                     'sample_id': (line.get('sample_id') or '').strip() or f'{Path(source).stem}_{number}',
                     'narration': (line.get('narration') or '').strip()})
    if not rows:
        raise AnnotationError(explain(path, 'at least one segment', 'only a head line', 'Add a line per segment.'))
    return rows


def _times(line: Mapping[str, str], where: str) -> Sequence[float | None]:
    """Begin and end."""
    times: list[float | None] = []
    for name in _COLUMNS[1:]:
        text = (line[name] or '').strip()
        try:
            value = float(text) if text else None
        except ValueError:
            value = math.nan
        if value is not None and not math.isfinite(value):
            raise AnnotationError(explain(f'{where}, {name}', 'seconds, or nothing', repr(text[:50]),
                                          'Write a number with a point, e.g. 12.5.'))
        times.append(value)
    return times
