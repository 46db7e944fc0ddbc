"""Opens video files and nothing else: no playlist, no other file, no network, no absurd header."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.stream import Disposition
from av.video.stream import VideoStream

from egoexo.errors import VideoError, explain
from egoexo.files import check_file

__all__ = ['FORMATS', 'MAX_PIXELS', 'open_video']

#: Containers by their FFmpeg names. Playlists (HLS, DASH, concat, SDP) are missing on purpose: they make FFmpeg open
#: other files and addresses. So are picture files, which it would take for videos of one frame.
FORMATS = ('mov', 'matroska', 'avi', 'mpegts', 'mpeg', 'mpegvideo', 'm4v', 'h264', 'hevc', 'obu', 'ivf', 'flv', 'asf',
           'ogg', 'mxf', 'dv', 'nut')
#: Largest picture, width times height; 8K has half as many.
MAX_PIXELS = 2**26
_AGAIN = 'It is damaged or was cut short. Fetch or make it again.'
_KINDS = ((b'\x89PNG', 'a PNG picture'), (b'\xff\xd8\xff', 'a JPEG picture'), (b'GIF8', 'a GIF'),
          (b'#EXTM3U', 'a playlist'), (b'ffconcat', 'a playlist'), (b'<', 'a web page or XML'),
          (b'{', 'JSON'), (b'PK', 'a zip archive'), (b'v=0', 'a session description'))
_MAX_BOXES = 100_000  # a minute of a live recording has 60 to 240
_PARENTS = {b'moov', b'trak', b'mdia', b'minf', b'stbl', b'moof', b'traf'}
#: Where the number of samples stands in a box that has one, from the end of its header.
_COUNTS = {b'stsz': 8, b'stz2': 8, b'trun': 4}


def _check_file(path: Path) -> bool:
    """Look at the kind of a file and, for MP4 and its relatives, at the number and lengths of samples it announces.

    FFmpeg takes 24 bytes for each announced sample when it opens the file, and the whole announced length of a sample
    when it reads it, so one crafted or flipped number costs two gigabytes. A sample has at least one byte and at most
    all of them: larger numbers cannot be. Tells whether an MP4 index was found.
    """
    num_bytes = check_file(path, VideoError, 'a video file')
    try:
        with path.open('rb') as file:
            announced = list(_announced(file, 0, num_bytes))
    except OSError as error:
        raise VideoError(explain(path, 'a readable video file', error.strerror or error, 'Check its permissions and '
                                 'the disk.')) from error
    most = max(announced, default=0)
    if most > num_bytes:
        raise VideoError(explain(path, f'no more samples and no longer ones than the {num_bytes:,} bytes of the file',
                                 f'{most:,} announced', _AGAIN))
    return bool(announced)


def _announced(file: BinaryIO, start: int, end: int, depth: int = 0) -> Iterator[int]:
    """Numbers and lengths of samples in the boxes between two offsets; ends at the first thing that is no box."""
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        file.seek(start)
        head = file.read(16)
        if len(head) < 8:
            return
        size, kind = struct.unpack_from('>I4s', head)
        skip = 8
        if size == 1 and len(head) == 16:
            size, skip = struct.unpack_from('>Q', head, 8)[0], 16
        if size == 0:
            size = end - start
        if size < skip:
            return
        if kind == b'moov':
            yield 0  # an index, be it empty
        if kind in _PARENTS and depth < 8:
            yield from _announced(file, start + skip, min(start + size, end), depth + 1)
        elif kind in _COUNTS:
            file.seek(start + skip + _COUNTS[kind])
            count = file.read(4)
            if len(count) == 4:
                yield int.from_bytes(count, 'big')
            if kind == b'stsz':  # a table of 32-bit lengths follows
                yield int(np.frombuffer(file.read(max(size - skip - 12, 0) // 4 * 4), '>u4').max(initial=0))
        start += size


def open_video(path: Path) -> tuple[av.container.InputContainer, VideoStream]:
    """Open a local file of a known container format and find its first video stream.

    Args:
        path (Path): The file.

    Returns:
        tuple[InputContainer, VideoStream]: To be closed by the caller, and the stream in it.

    Raises:
        VideoError: If it is no regular file, of another format, announces what it cannot hold, has no video stream,
            or its pictures are too large.
    """
    has_index = _check_file(path)
    try:
        # 'file:' and the absolute path: a name like 'concat:a|b' or 'http:x' would be an address for FFmpeg.
        container = av.open(f'file:{path.absolute()}', metadata_errors='replace',
                            options=dict(max_pixels=str(MAX_PIXELS)),
                            container_options=dict(protocol_whitelist='file', format_whitelist=','.join(FORMATS)))
    except Exception as error:  # FFmpeg's many kinds, and PyAV's own on names and numbers it cannot convert
        raise VideoError(explain(path, 'a video file (mp4, mov, mkv, webm, avi, ts or the like)',
                                 f'{_kind_of(path)} ({_reason(error)})',
                                 'It is damaged, was cut short or is no video. Fetch or make it again.')) from error
    try:
        if container.format.name.startswith('mov') and not has_index:  # FFmpeg guessed where it is
            raise VideoError(explain(path, 'an index (moov) where the boxes of the file lead to', 'none', _AGAIN))
        return container, _find_stream(path, container)
    except BaseException:
        container.close()
        raise


def _kind_of(path: Path) -> str:
    with path.open('rb') as file:
        start = file.read(16)
    known = next((kind for magic, kind in _KINDS if start.startswith(magic)), None)
    return known or (f'a file that begins with {start[:12]!r}' if start else 'an empty file')


def _reason(error: Exception) -> str:
    return getattr(error, 'strerror', None) or (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _find_stream(path: Path, container: av.container.InputContainer) -> VideoStream:
    # A cover picture inside an audio file is a video stream of one attached frame.
    streams = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not streams:
        kinds = sorted({'a cover picture' if stream.type == 'video' else stream.type for stream in container.streams})
        raise VideoError(explain(path, 'a video stream', f'only {" and ".join(kinds) or "an empty container"}',
                                 'Check that this is the right file.'))
    stream = streams[0]
    codec = stream.codec_context
    if codec is None:
        raise VideoError(explain(path, 'a video codec that FFmpeg can decode', 'an unknown one',
                                 'Convert the video to H.264.'))
    if not 0 < codec.width * codec.height <= MAX_PIXELS:
        raise VideoError(explain(path, f'pictures of 1 to {MAX_PIXELS:,} pixels', f'{codec.width}x{codec.height}',
                                 'The header is damaged, or the video must be made smaller. Make it again.'))
    codec.options = dict(max_pixels=str(MAX_PIXELS))
    return stream
