"""The optional decord backend of :class:`egoexo.datasets.video_reader.VideoReader`."""

from pathlib import Path

import numpy as np

from egoexo.datasets.video_container import open_video
from egoexo.errors import VideoError, explain

__all__ = ['DecordReader']

_ADVICE = "The file is damaged, or decord cannot read it. Try backend='pyav'."


class DecordReader:
    """Decode with decord (the package ``decord2``), without any check of the frame number.

    Kept for comparison with code built on decord. It returns wrong frames near the key frames of open-GOP HEVC
    files, without an error, and stops at some picture widths (seen with decord2 3.4.0: 96 and 144 pixels); the PyAV
    backend does neither. It opens whatever its FFmpeg knows, so the file is opened with PyAV first and must be a video.

    Args:
        path (Path): An existing file.
        num_threads (int): Decoder threads, 0 lets FFmpeg choose.

    Raises:
        VideoError: If decord is not installed or cannot open the file.
    """

    def __init__(self, path: Path, num_threads: int = 1) -> None:
        try:
            import decord
        except ImportError as error:
            raise VideoError(explain(path, "the package decord2 for backend='decord'", error,
                                     "Install it or use backend='pyav'. Choose one.")) from error
        open_video(path)[0].close()
        self.path = path
        self._errors = (decord.DECORDError, RuntimeError, IndexError)
        try:
            self._video = decord.VideoReader(f'file:{path.absolute()}', num_threads=num_threads)
            spans = np.asarray(self._video.get_frame_timestamp(range(len(self._video))), dtype=np.float64)
            self.timestamps_sec: np.ndarray = spans[:, 0] - spans[0, 0]
            self.fps = float(self._video.get_avg_fps())
            self.size: tuple[int, int] = tuple(self._video[0].shape[:2])
        except self._errors as error:
            raise VideoError(explain(path, 'a video that decord can open', _told(error), _ADVICE)) from error

    def decode(self, indices: np.ndarray) -> np.ndarray:
        """Decode frames.

        Args:
            indices (np.ndarray): Increasing frame numbers inside the file, int64, shape (n,).

        Returns:
            np.ndarray: RGB, uint8, shape (n, H, W, 3).

        Raises:
            VideoError: If decord fails or the reader was closed.
        """
        if self._video is None:
            raise VideoError(explain(self.path, 'an open reader', 'one that was closed', 'Make a new VideoReader.'))
        try:
            return self._video.get_batch(indices.tolist()).asnumpy()
        except self._errors as error:
            raise VideoError(explain(f'{self.path} frames {indices[:5].tolist()}', 'pictures', _told(error),
                                     _ADVICE)) from error

    def close(self) -> None:
        """Release the file."""
        self._video = None


def _told(error: Exception) -> str:
    return f'a decoder error ({(str(error).strip().splitlines() or [type(error).__name__])[0][:200]})'
