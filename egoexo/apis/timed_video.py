"""A video as pictures at an even rate, read once from its first to its last."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from egoexo.datasets.video_reader import VideoReader
from egoexo.errors import VideoError

__all__ = ['TimedVideo']

_BLOCK_BYTES = 64 * 2**20  # decoded pictures held at once
_MAX_BLOCK = 64
_SAME_RATE = 0.01  # relative difference up to which two rates count as one, corrected by time


class TimedVideo:
    """Frames ``k / fps`` seconds after the first one; in a video of that even rate simply its k-th frame.

    Where the file has another rate, or times of its own, frame ``k`` is the picture on screen at that time.

    Args:
        path (str | Path): Video file.
        fps (float, optional): Frames per second; None takes the average rate of the file.
        resample (bool): Accept a file of another rate. Defaults to False.

    Raises:
        VideoError: If the file cannot be read, or has another rate and ``resample`` is False.
    """

    def __init__(self, path: str | Path, fps: float | None = None, resample: bool = False) -> None:
        self.path = Path(path)
        self._reader = VideoReader(path)
        native = self._reader.fps
        self.fps = native if fps is None else float(fps)
        if not resample and abs(native - self.fps) > _SAME_RATE * self.fps:
            self.close()
            raise VideoError(f'{path} has {native:g} frames per second, the first video {self.fps:g}: their rows would '
                             f'stand for different times. Bring all to one rate with --video-fps {self.fps:g}.')
        times = self._reader.timestamps_sec
        if np.abs(times - np.arange(len(times)) / self.fps).max() < 0.5 / self.fps:
            self._numbers = np.arange(len(times))
        else:
            count = max(round((times[-1] + 1 / native) * self.fps), 1)
            self._numbers = self._reader.frames_at(np.arange(count) / self.fps)

    def __len__(self) -> int:
        return len(self._numbers)

    def blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """Decode everything once, in order, a few pictures at a time.

        Yields:
            tuple[int, np.ndarray]: Number of the first frame, and frames, RGB, uint8, (n, H, W, 3).

        Raises:
            VideoError: If a frame cannot be decoded.
        """
        height, width = self._reader.size
        size = int(np.clip(_BLOCK_BYTES // max(height * width * 3, 1), 1, _MAX_BLOCK))
        last_number, last_frame = -1, np.empty((0, height, width, 3), np.uint8)
        for start in range(0, len(self), size):
            numbers = self._numbers[start:start + size]
            known = np.unique(numbers[numbers != last_number])
            pictures = self._reader.get_batch(known)
            if numbers[0] == last_number:  # a picture that goes on from the last block is not decoded again
                known, pictures = np.append(last_number, known), np.concatenate([last_frame, pictures])
            frames = pictures if np.array_equal(known, numbers) else pictures[np.searchsorted(known, numbers)]
            last_number, last_frame = int(numbers[-1]), frames[-1:].copy()
            yield start, frames

    def close(self) -> None:
        """Release the file; may be called twice."""
        self._reader.close()

    def __enter__(self) -> 'TimedVideo':
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()
