"""The exact, default backend of :class:`egoexo.datasets.video_reader.VideoReader`, on PyAV (FFmpeg)."""

import bisect
import itertools
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from egoexo.datasets.video_container import open_video
from egoexo.errors import VideoError, explain

__all__ = ['PyAVReader']

_AGAIN = 'It is damaged or was cut short. Fetch or make it again.'


class PyAVReader:
    """Decode with PyAV and check which frame came out.

    The file is demuxed once, without decoding, into the list of its time stamps in presentation order: frame ``i``
    is the one with the i-th time stamp. To reach a frame the reader seeks to the last key frame presented at or
    before it, looks at the packet on which the seek really landed, goes to an earlier key frame when that packet is
    presented later, and decodes forward, matching each picture by its time stamp. Pictures shown before the key
    frame on which decoding started may lack their references (open GOP) and are never used.

    Args:
        path (Path): A local file in one of the formats of :data:`egoexo.datasets.video_container.FORMATS`.
        num_threads (int): Decoder threads, 0 lets FFmpeg choose.

    Raises:
        VideoError: If the file is no video, damaged, truncated or has no video stream.
    """

    def __init__(self, path: Path, num_threads: int = 1) -> None:
        self.path = path
        self._num_threads = num_threads
        self._container: av.container.InputContainer | None = None
        self._frames: Iterator[tuple[int, av.VideoFrame]] | None = None
        self._to_rgb = VideoReformatter()  # kept: it owns the conversion tables
        self._next = 0  # number of the earliest frame that the running decoder can still deliver
        try:
            self._open()
            self._build_index()
        except VideoError:
            self.close()
            raise
        except Exception as error:  # FFmpeg's many kinds, and PyAV's own on numbers it cannot convert
            self.close()
            raise VideoError(explain(path, 'a whole video', _told(error), _AGAIN)) from error

    def _open(self) -> None:
        """Open the file, or open it again: the sure way back to its first packet."""
        if self._container is not None:
            self._container.close()
        self._container, self._stream = open_video(self.path)
        self._stream.codec_context.thread_count = self._num_threads

    def _build_index(self) -> None:
        stream = self._stream
        # Numbers only: a list of packets would hold the whole file in memory.
        listed = [(packet.pts, packet.is_keyframe, packet.is_discard)
                  for packet in self._container.demux(stream) if packet.size]
        if stream.frames and len(listed) < stream.frames:
            raise VideoError(explain(self.path, f'{stream.frames} frames, as its header announces', len(listed),
                                     _AGAIN))
        # An edit list may mark pictures that are decoded but never shown.
        packets = [(pts, is_key) for pts, is_key, is_discard in listed if not is_discard]
        if not packets:
            raise VideoError(explain(self.path, 'a picture', 'none', _AGAIN))
        times = [pts for pts, _ in packets]
        #: Old containers (AVI, raw streams) carry no presentation times: count the decoded pictures instead.
        self._counting = None in times or len(set(times)) < len(times)
        rate = stream.average_rate or stream.guessed_rate
        if self._counting:
            self.fps = float(rate or 25)
            self._pts: list[int] = list(range(len(times)))
            self._keys = [0]
            self.timestamps_sec = np.arange(len(times)) / self.fps
        else:
            self._pts = sorted(times)
            self._keys = sorted(pts for pts, is_key in packets if is_key)
            self.timestamps_sec = np.array(
                [pts - self._pts[0] for pts in self._pts], dtype=np.float64) * float(stream.time_base)
            self.fps = float(rate) if rate else (len(times) - 1) / max(self.timestamps_sec[-1], 1e-9)
        self._number = {pts: number for number, pts in enumerate(self._pts)}
        self.size: tuple[int, int] = (stream.codec_context.height, stream.codec_context.width)

    def decode(self, indices: np.ndarray) -> np.ndarray:
        """Decode frames.

        Args:
            indices (np.ndarray): Increasing frame numbers inside the file, int64, shape (n,).

        Returns:
            np.ndarray: RGB, uint8, shape (n, H, W, 3).

        Raises:
            VideoError: If a frame is damaged or does not come out of the decoder.
        """
        if self._container is None:
            raise VideoError(explain(self.path, 'an open reader', 'one that was closed', 'Make a new VideoReader.'))
        frames = np.empty((len(indices), *self.size, 3), dtype=np.uint8)
        try:
            for row, number in enumerate(indices.tolist()):
                frames[row] = self._to_rgb.reformat(self._frame(number), format='rgb24').to_ndarray()
        except VideoError:
            self._frames = None
            raise
        except Exception as error:  # as when the file was opened
            self._frames = None
            raise VideoError(explain(f'{self.path} frame {number}', 'a picture', _told(error), _AGAIN)) from error
        return frames

    def _frame(self, wanted: int) -> av.VideoFrame:
        """Go on decoding when that is the shorter way, else start anew from ever earlier key frames."""
        if self._frames is not None and self._latest_key(wanted) <= self._next <= wanted:
            frame = self._advance(wanted)
            if frame is not None:
                return frame
        for start in self._starts(wanted):
            self._frames = self._restart(start, self._pts[wanted])
            frame = self._advance(wanted)
            if frame is not None:
                return frame
        raise VideoError(explain(f'{self.path} frame {wanted}', f'a picture, one of {len(self._pts)} listed',
                                 'none that came out of the decoder', _AGAIN))

    def _advance(self, wanted: int) -> av.VideoFrame | None:
        """Decode up to a frame; None when the decoder passes it by."""
        for number, frame in self._frames:
            self._next = number + 1
            if number >= wanted:
                return self._checked(frame, number) if number == wanted else None
        return None

    def _checked(self, frame: av.VideoFrame, number: int) -> av.VideoFrame:
        if frame.is_corrupt:
            raise VideoError(explain(f'{self.path} frame {number}', 'a whole picture', 'a damaged one', _AGAIN))
        if (frame.height, frame.width) != self.size:
            raise VideoError(explain(f'{self.path} frame {number}', f'{self.size[0]}x{self.size[1]} pixels (height x '
                                     'width) as announced', f'{frame.height}x{frame.width}',
                                     'Make the file again with one size.'))
        return frame

    def _latest_key(self, wanted: int) -> int:
        """Number of the last key frame presented at or before a frame, 0 when there is none."""
        position = bisect.bisect_right(self._keys, self._pts[wanted]) - 1
        return self._number[self._keys[position]] if position >= 0 else 0

    def _starts(self, wanted: int) -> Iterator[int | None]:
        """Time stamps to seek to, the best first, in steps that double; None is the beginning of the file."""
        position, step = bisect.bisect_right(self._keys, self._pts[wanted]) - 1, 1
        while position > 0 and not self._counting:
            yield self._keys[position]
            position, step = position - step, 2 * step
        yield None

    def _restart(self, start: int | None, target: int) -> Iterator[tuple[int, av.VideoFrame]]:
        """Pictures in presentation order from a key frame on; none when the seek landed behind the target."""
        if start is None:
            self._open()
        else:
            self._container.seek(start, stream=self._stream, backward=True)
        packets = self._container.demux(self._stream)
        if self._counting:
            return enumerate(frame for packet in packets for frame in packet.decode())
        first = next(packets, None)
        if first is None or first.pts is None:
            return iter(())
        if start is not None and not (first.is_keyframe and first.pts <= target):
            return iter(())
        return self._numbered(itertools.chain([first], packets), first.pts)

    def _numbered(self, packets: Iterator[av.Packet], first_pts: int) -> Iterator[tuple[int, av.VideoFrame]]:
        for packet in packets:
            for frame in packet.decode():
                # Leading pictures of the first key frame refer to frames that were never decoded.
                if frame.pts in self._number and frame.pts >= first_pts:
                    yield self._number[frame.pts], frame

    def close(self) -> None:
        """Release the file; may be called twice."""
        if self._container is not None:
            self._container.close()
        self._container = self._frames = None


def _told(error: Exception) -> str:
    """What a library said, in one line."""
    return f'data that cannot be decoded ({(str(error).strip().splitlines() or [type(error).__name__])[0][:200]})'
