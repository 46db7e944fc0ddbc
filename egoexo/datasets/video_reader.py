"""Random access to the frames of a video file, exact to the frame."""

import operator
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np

from egoexo.datasets.decord_reader import DecordReader
from egoexo.datasets.pyav_reader import PyAVReader
from egoexo.errors import ConfigError, VideoError, explain

__all__ = ['BACKENDS', 'VideoReader']

#: Decoders by name. PyAV is checked frame by frame; decord is known to return wrong frames of open-GOP HEVC files.
BACKENDS: dict[str, type] = {'pyav': PyAVReader, 'decord': DecordReader}


class VideoReader:
    """Frames by number from one video file.

    Frame ``i`` is the i-th picture in presentation order, whatever its time stamp; with a variable frame rate use
    :meth:`frames_at` to go from seconds to numbers. Rotation flags are ignored. Open the reader in the process that
    uses it, and close it (or use ``with``).

    Args:
        path (str | Path): A local file in any usual container and codec; playlists are refused.
        backend (str): ``'pyav'`` (default; exact) or ``'decord'`` (not checked, wrong on open-GOP HEVC).
        num_threads (int): Decoder threads, 0 lets FFmpeg choose. Defaults to 1, right for loader workers.

    Raises:
        VideoError: If the file is missing, damaged, truncated or has no video stream.
        ConfigError: If the backend is unknown.

    Examples:
        >>> path = min(Path('data/mini/egoexolearn/videos').glob('*.mp4'))
        >>> with VideoReader(path) as video:
        ...     clip = video.get_batch(range(0, 64, 2))            # (32, H, W, 3)
        >>> clip.shape[0], clip.shape[3], clip.dtype
        (32, 3, dtype('uint8'))
    """

    def __init__(self, path: str | Path, backend: str = 'pyav', num_threads: int = 1) -> None:
        if backend not in BACKENDS:
            raise ConfigError(explain(f'video backend for {path}', f'one of {sorted(BACKENDS)}', repr(backend),
                                      'Choose one of them.'))
        self.path = Path(path)
        self._reader = BACKENDS[backend](self.path, num_threads)

    @property
    def num_frames(self) -> int:
        """Number of pictures in the file."""
        return len(self._reader.timestamps_sec)

    @property
    def fps(self) -> float:
        """Average rate in frames per second."""
        return self._reader.fps

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self._reader.size

    @property
    def timestamps_sec(self) -> np.ndarray:
        """Presentation time of each frame in seconds, the first at 0; float64, shape (num_frames,)."""
        return self._reader.timestamps_sec

    def frames_at(self, times_sec: Sequence[float] | np.ndarray) -> np.ndarray:
        """Numbers of the frames on screen at given times.

        Args:
            times_sec (Sequence[float]): Seconds from the first frame; before it gives 0, after the end the last one.

        Returns:
            np.ndarray: int64, same length.
        """
        # Container time bases round to a millisecond at worst, so a time half of that before a frame belongs to it.
        found = np.searchsorted(self.timestamps_sec, np.asarray(times_sec, dtype=np.float64) + 5e-4, side='right') - 1
        return found.clip(0, self.num_frames - 1)

    def get_batch(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """Decode some frames.

        Args:
            indices (Sequence[int]): Frame numbers in any order, repetitions allowed.

        Returns:
            np.ndarray: RGB, uint8, shape (n, H, W, 3), in the order asked for.

        Raises:
            VideoError: If a number is outside 0 .. num_frames - 1 or a frame cannot be decoded.
        """
        wanted = np.array([operator.index(index) for index in indices], dtype=np.int64)
        outside = wanted[(wanted < 0) | (wanted >= self.num_frames)]
        if outside.size:
            more = ' ...' if outside.size > 5 else ''
            raise VideoError(explain(self.path, f'frame numbers 0 to {self.num_frames - 1}',
                                     f'{outside[:5].tolist()}{more}', 'Check the annotation against num_frames.'))
        if not wanted.size:
            return np.empty((0, *self.size, 3), dtype=np.uint8)
        ordered, positions = np.unique(wanted, return_inverse=True)
        frames = self._reader.decode(ordered)
        return frames if np.array_equal(ordered, wanted) else frames[positions]

    def __len__(self) -> int:
        return self.num_frames

    def close(self) -> None:
        """Release the file; may be called twice."""
        self._reader.close()

    def __enter__(self) -> 'VideoReader':
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()
