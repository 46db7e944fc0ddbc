"""mp4 files: the same frames give the same bytes, and the reader returns each frame once, in order."""

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from egoexo.errors import VideoError

__all__ = ['read_mp4', 'write_mp4']

AUDIO_RATE = 16000


def write_mp4(
    path: str | Path,
    blocks: Iterable[np.ndarray],
    fps: float,
    size: tuple[int, int],
    audio: np.ndarray | None = None,
    crf: int = 20,
) -> int:
    """Write BGR frames as H.264, byte-identical for identical frames on one machine and library set.

    One thread, no B-frames, a key frame per second and the container's bit-exact flags; time stamps are the frame
    numbers. The file appears under its name only when it is complete.

    Args:
        path (str | Path): Target ``.mp4``; its folder is made when absent.
        blocks (Iterable[np.ndarray]): Blocks of frames, each (n, H, W, 3) uint8 BGR.
        fps (float): Frames per second.
        size (tuple[int, int]): (W, H) in pixels, both even.
        audio (np.ndarray, optional): (N,) int16 mono samples at 16 kHz, written as AAC; silence fills the last packet
            of 1024 samples.
        crf (int): Constant rate factor of x264; 20 gives about 37 kB per second at 128 x 128.

    Returns:
        int: Number of frames written.

    Raises:
        VideoError: A side is odd, a block has another shape than ``size``, or there is no frame.
    """
    path = Path(path)
    if size[0] % 2 or size[1] % 2:
        raise VideoError(f'{path}: 4:2:0 video needs even sides, found {size[0]}x{size[1]} (W x H); pad by one pixel.')
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + '.part')
    try:
        num_frames = _encode(part, blocks, Fraction(fps).limit_denominator(1001), size, audio, crf)
        if num_frames == 0:
            raise VideoError(f'{path}: no frame was given; expected at least one block (n, {size[1]}, {size[0]}, 3).')
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return num_frames


def read_mp4(path: str | Path, block: int = 128) -> Iterator[np.ndarray]:
    """Decode a video from its first frame to its last.

    Args:
        path (str | Path): Video file.
        block (int): Frames per yielded block; the last one may be shorter.

    Yields:
        np.ndarray: (n, H, W, 3) uint8 BGR.

    Raises:
        VideoError: The file is missing, holds no video or ends in the middle of a frame.
    """
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            to_bgr = VideoReformatter()  # one for all frames: a new one per frame costs three times the decoding
            frames: list[np.ndarray] = []
            for frame in container.decode(stream):
                frames.append(to_bgr.reformat(frame, format='bgr24').to_ndarray())
                if len(frames) == block:
                    yield np.stack(frames)
                    frames = []
            if frames:
                yield np.stack(frames)
    except (av.FFmpegError, OSError, IndexError) as error:
        raise VideoError(f'{path}: expected a readable video, decoding failed with {error}; make it again.') from error


def _encode(
    path: Path,
    blocks: Iterable[np.ndarray],
    rate: Fraction,
    size: tuple[int, int],
    audio: np.ndarray | None,
    crf: int,
) -> int:
    """Write all packets to ``path``; returns the number of frames."""
    flags = {'fflags': '+bitexact', 'movflags': '+faststart'}
    with av.open(str(path), 'w', format='mp4', options=flags) as container:
        stream = _video_stream(container, rate, size, crf)
        track = None if audio is None else _audio_stream(container)
        num_frames = 0
        for block in blocks:
            if block.shape[1:] != (size[1], size[0], 3) or block.dtype != np.uint8:
                raise VideoError(
                    f'{path}: expected uint8 blocks (n, {size[1]}, {size[0]}, 3), found {block.dtype} {block.shape} '
                    f'at frame {num_frames}; render at the size given to write_mp4.'
                )
            for image in block:
                frame = av.VideoFrame.from_ndarray(image, format='bgr24')
                frame.pts = num_frames
                frame.time_base = 1 / rate
                container.mux(stream.encode(frame))
                num_frames += 1
        if num_frames:
            container.mux(stream.encode(None))
        if track is not None:
            _encode_audio(container, track, audio)
    return num_frames


def _video_stream(
    container: av.container.OutputContainer, rate: Fraction, size: tuple[int, int], crf: int
) -> av.VideoStream:
    """An x264 stream whose output depends on nothing but its frames."""
    options = {'preset': 'ultrafast', 'crf': str(crf), 'threads': '1', 'flags': '+bitexact', 'bf': '0'}
    stream = container.add_stream('libx264', rate=rate, options=options)
    stream.width, stream.height = size
    stream.pix_fmt = 'yuv420p'
    stream.time_base = 1 / rate
    context = stream.codec_context
    context.time_base = 1 / rate
    context.thread_count = 1
    context.gop_size = round(float(rate))
    context.max_b_frames = 0
    return stream


def _audio_stream(container: av.container.OutputContainer) -> av.AudioStream:
    """A mono AAC track at 16 kHz."""
    track = container.add_stream('aac', rate=AUDIO_RATE, layout='mono', options={'flags': '+bitexact'})
    track.codec_context.thread_count = 1
    return track


def _encode_audio(container: av.container.OutputContainer, track: av.AudioStream, samples: np.ndarray) -> None:
    """Encode (N,) int16 samples in frames of 1024, the frame length of AAC."""
    for start in range(0, len(samples), 1024):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format='s16', layout='mono')
        frame.sample_rate = AUDIO_RATE
        frame.pts = start
        frame.time_base = Fraction(1, AUDIO_RATE)
        container.mux(track.encode(frame))
    container.mux(track.encode(None))
