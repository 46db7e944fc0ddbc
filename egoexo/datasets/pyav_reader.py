"""The exact, default backend of :class:`egoexo.datasets.video_reader.VideoReader`, on PyAV (FFmpeg)."""

import bisect
import itertools
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition
from av.video.reformatter import VideoReformatter

from egoexo.errors import VideoError

__all__ = ['PyAVReader']


class PyAVReader:
    """Decode with PyAV and check which frame came out.

    The file is demuxed once, without decoding, into the list of its time stamps in presentation order: frame ``i``
    is the one with the i-th time stamp. To reach a frame the reader seeks to the last key frame presented at or
    before it, looks at the packet on which the seek really landed, goes to an earlier key frame when that packet is
    presented later, and decodes forward, matching each picture by its time stamp. Pictures shown before the key
    frame on which decoding started may lack their references (open GOP) and are never used.

    Args:
        path (Path): An existing file.
        num_threads (int): Decoder threads, 0 lets FFmpeg choose.

    Raises:
        VideoError: If the file is damaged, truncated or has no video stream.
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
        except (av.FFmpegError, OSError) as error:
            self.close()
            raise VideoError(f'cannot read {path} as a video: {error}. The file is damaged or was cut short; '
                             'fetch or make it again.') from error
        except VideoError:
            self.close()
            raise

    def _open(self) -> None:
        """Open the file, or open it again: the sure way back to its first packet."""
        if self._container is not None:
            self._container.close()
        self._container = av.open(str(self.path))
        # A cover picture inside an audio file is a video stream of one attached frame.
        streams = [stream for stream in self._container.streams.video
                   if not stream.disposition & Disposition.attached_pic]
        if not streams:
            kinds = sorted({stream.type for stream in self._container.streams}) or ['nothing']
            raise VideoError(f'{self.path} has no video stream, it holds {" and ".join(kinds)}.')
        self._stream = streams[0]
        self._stream.codec_context.thread_count = self._num_threads

    def _build_index(self) -> None:
        stream = self._stream
        listed = [packet for packet in self._container.demux(stream) if packet.size]
        if stream.frames and len(listed) < stream.frames:
            raise VideoError(f'{self.path} announces {stream.frames} frames but holds {len(listed)}: it was cut '
                             'short. Fetch or make it again.')
        # An edit list may mark pictures that are decoded but never shown.
        packets = [(packet.pts, packet.is_keyframe) for packet in listed if not packet.is_discard]
        if not packets:
            raise VideoError(f'{self.path} holds no picture. The file is damaged or was cut short.')
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
            self.timestamps_sec = (np.array(self._pts) - self._pts[0]) * float(stream.time_base)
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
            raise VideoError(f'{self.path} was closed; open a new VideoReader.')
        frames = np.empty((len(indices), *self.size, 3), dtype=np.uint8)
        try:
            for row, number in enumerate(indices.tolist()):
                frames[row] = self._to_rgb.reformat(self._frame(number), format='rgb24').to_ndarray()
        except (av.FFmpegError, OSError) as error:
            self._frames = None
            raise VideoError(f'cannot decode frame {number} of {self.path}: {error}. The file is damaged.') from error
        except VideoError:
            self._frames = None
            raise
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
        raise VideoError(f'frame {wanted} of {self.path} did not come out of the decoder, although the file lists '
                         f'{len(self._pts)} frames. The file is damaged or was cut short.')

    def _advance(self, wanted: int) -> av.VideoFrame | None:
        """Decode up to a frame; None when the decoder passes it by."""
        for number, frame in self._frames:
            self._next = number + 1
            if number >= wanted:
                return self._checked(frame, number) if number == wanted else None
        return None

    def _checked(self, frame: av.VideoFrame, number: int) -> av.VideoFrame:
        if frame.is_corrupt:
            raise VideoError(f'frame {number} of {self.path} is damaged. Fetch or make the file again.')
        if (frame.height, frame.width) != self.size:
            raise VideoError(f'frame {number} of {self.path} is {frame.height}x{frame.width}, the stream announces '
                             f'{self.size[0]}x{self.size[1]}. Write the file again with one size.')
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
        first = next(packets)
        if first.pts is None or (start is not None and not (first.is_keyframe and first.pts <= target)):
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
