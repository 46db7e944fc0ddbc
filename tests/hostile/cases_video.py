"""Broken and hostile video files, read with PyAV and with decord."""

import io
import os
import struct
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import av
import cv2
import decord  # noqa: F401 else the guard would see how it loads its library
import numpy as np
from hostile.case import Case
from hostile.cases_features import bind, npy, placed, sparse_file, write
from hostile.feature_bytes import flipped

from egoexo.datasets.video_reader import VideoReader
from egoexo.errors import VideoError
from tests.datasets.conftest import picture

NUM_FRAMES = 30
SIZE = (64, 192)
#: FFmpeg's names of the containers of the corpus; ``fast`` is an MP4 with its index in front.
CONTAINERS = {'mp4': 'mp4', 'fast': 'mp4', 'mkv': 'matroska', 'avi': 'avi', 'ts': 'mpegts'}


@cache
def clip(kind: str = 'mp4', codec: str = 'libx264', num_frames: int = NUM_FRAMES) -> bytes:
    """Bytes of an undamaged video."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'clip')
        _encode(path, kind, codec, num_frames)
        return path.read_bytes()


def _encode(path: Path, kind: str, codec: str, num_frames: int) -> None:
    options = dict(movflags='faststart') if kind == 'fast' else {}
    with av.open(str(path), 'w', CONTAINERS[kind], options=options) as container:
        stream = container.add_stream(codec, rate=25, options=dict(g='10', bf='2') if codec == 'libx264' else {})
        stream.height, stream.width = SIZE
        stream.pix_fmt = 'yuvj420p' if codec == 'mjpeg' else 'yuv420p'
        for number in range(num_frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(number), format='rgb24')))
        container.mux(stream.encode())


@cache
def audio(kind: str = 'mp4', cover: bool = False) -> bytes:
    """A file with sound only; with a cover picture when asked for."""
    buffer = io.BytesIO()
    with av.open(buffer, 'w', kind) as container:
        stream = container.add_stream('libmp3lame' if kind == 'mp3' else 'aac', rate=16000)
        art = container.add_stream('png', rate=1) if cover else None
        if art is not None:
            art.height, art.width, art.pix_fmt = *SIZE, 'rgb24'
            art.disposition = av.stream.Disposition.attached_pic
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), 'fltp', 'mono')
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if art is not None:
            container.mux(art.encode(av.VideoFrame.from_ndarray(picture(0), format='rgb24')))
    return buffer.getvalue()


def patched(data: bytes, box: bytes, offset: int, *numbers: int, form: str = '>I') -> bytes:
    """Numbers written at an offset behind the name of the last box of that kind."""
    changed = bytearray(data)
    place = data.rindex(box) + offset
    for number in numbers:
        struct.pack_into(form, changed, place, number)
        place += struct.calcsize(form)
    return bytes(changed)


def many_samples(number: int) -> bytes:
    """An MP4 that announces many samples of one byte in one chunk: FFmpeg takes 24 bytes for each."""
    data = patched(clip(), b'stsz', 8, 1, number)
    data = patched(data, b'stsc', 12, 1, number, 1)
    return patched(data, b'stts', 12, number, 512)


def fragment_of(number: int) -> bytes:
    """An MP4 followed by a fragment whose run has many samples of default size."""
    run = struct.pack('>I4sII', 16, b'trun', 0, number)
    head = struct.pack('>I4sIIII', 24, b'tfhd', 0x30, 1, 512, 1)
    traf = struct.pack('>I4s', 8 + len(head) + len(run), b'traf') + head + run
    return clip('fast') + struct.pack('>I4s', 8 + len(traf), b'moof') + traf


def huge_pictures(kind: str) -> bytes:
    """A Motion JPEG file whose pictures say that they have 60,000 x 60,000 pixels."""
    data = bytearray(clip(kind, 'mjpeg'))
    place = data.find(b'\xff\xc0\x00\x11')
    while place >= 0:
        struct.pack_into('>HH', data, place + 5, 60_000, 60_000)
        place = data.find(b'\xff\xc0\x00\x11', place + 9)
    return bytes(data)


def huge_vp8() -> bytes:
    """A VP8 file whose key frames say that they have 16,383 x 16,383 pixels."""
    return clip('mkv', 'libvpx').replace(b'\x9d\x01\x2a' + struct.pack('<HH', *SIZE[::-1]),
                                         b'\x9d\x01\x2a' + struct.pack('<HH', 16383, 16383))


def read(path: Path, backend: str = 'pyav') -> np.ndarray:
    """Decode every third frame and the last one."""
    with VideoReader(path, backend=backend) as video:
        return video.get_batch([*range(0, len(video), 3), len(video) - 1])


def count(path: Path) -> int:
    """Number of frames, for which every packet is looked at and none is kept."""
    with VideoReader(path) as video:
        return len(video)


def is_long(num_frames: int) -> None:
    """All frames of the long clip were counted."""
    assert num_frames == 2000


def is_sound(frames: np.ndarray) -> None:
    """Whatever was damaged, what comes has the announced shape."""
    assert frames.shape[1:] == (*SIZE, 3)
    assert frames.dtype == np.uint8
    assert 1 <= len(frames) <= NUM_FRAMES


def is_whole(frames: np.ndarray) -> None:
    """All frames came."""
    assert frames.shape == (11, *SIZE, 3)


def case(name: str, content: Callable[[], bytes], *text: str, file: str = 'x.mp4', **options: object) -> Case:
    """A file made from bytes that is refused, unless it has a ``check`` and no error."""
    options = dict(error=VideoError, read=read) | options
    return Case(name, 'video', partial(write, file, content), text=text, **options)


def loads(name: str, content: Callable[[], bytes], check: Callable = is_whole, **options: object) -> Case:
    """An unusual file that is read all the same."""
    return case(name, content, error=None, check=check, **options)


def name_of(kind: str) -> str:
    """File name for a container."""
    return f'x.{"mp4" if kind == "fast" else kind}'


def cut(kind: str, *places: float, may_load: bool = False) -> list[Case]:
    """Files cut short."""
    return [case(f'{kind}-cut-at-{place}', lambda place=place: clip(kind)[:int(place * len(clip(kind)))],
                 file=name_of(kind), may_load=may_load, check=is_sound) for place in places]


def flips(kind: str, num_seeds: int, end: int | None = None, read: Callable = read) -> list[Case]:
    """Files with changed bits, refused or decoded in the announced shape."""
    label = kind + '-header' * (end is not None) + '-decord' * isinstance(read, partial)
    return [case(f'{label}-flipped-{seed}', lambda seed=seed: flipped(clip(kind), seed, 20, end), file=name_of(kind),
                 may_load=True, check=is_sound, read=read) for seed in range(num_seeds)]


def refers(name: str, file: str, text: str) -> list[Case]:
    """A text file that makes FFmpeg open another file or address; ``CLIP`` stands for a sound file beside it."""
    def make(folder: Path) -> Path:
        (folder / 'other.ts').write_bytes(clip('ts'))
        (folder / 'other.mp4').write_bytes(clip())
        (folder / file).write_text(text.replace('FOLDER', str(folder)))
        return folder / file

    return [Case(f'{name}{"-decord" * (backend == "decord")}', 'video', make, partial(read, backend=backend),
                 VideoError, ('expected a video file',)) for backend in ('pyav', 'decord')]


def odd(name: str, place: Callable[[Path], object], *text: str) -> Case:
    """Something in the place of a video."""
    return Case(f'is-{name}', 'video', partial(placed, 'x.mp4', place), read, VideoError, text)


def named_like_an_address(name: str) -> Case:
    """A sound file below a folder whose name FFmpeg would take for a protocol; read by its relative path."""
    def make(folder: Path) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(clip())
        return path

    def read_relative(path: Path) -> np.ndarray:
        here = os.getcwd()
        os.chdir(path.parents[name.count('/')])
        try:
            return read(Path(name))
        finally:
            os.chdir(here)

    return Case(f'named-{name.replace("/", "_")}', 'video', make, read_relative, check=is_whole)


HLS = '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{}\n#EXT-X-ENDLIST\n'
DASH = ('<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT5S"'
        ' profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet contentType="video">'
        '<Representation id="1" bandwidth="1"><BaseURL>{}</BaseURL></Representation></AdaptationSet></Period></MPD>')
SDP = 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n'
URL = 'http://127.0.0.1:9/a.ts'

CASES = [
    *cut('mp4', 0, 0.0005, 0.001, 0.3, 0.7, 0.95), *cut('mp4', 0.999, may_load=True),
    *cut('fast', 0.01, 0.03, 0.1, 0.5, 0.9, 0.999),
    *cut('mkv', 0.0005, 0.01, 0.5, 0.99, may_load=True), *cut('avi', 0.001, 0.1, 0.5, 0.99, may_load=True),
    *cut('ts', 0.001, 0.02, 0.5, 0.99, may_load=True),
    *flips('mp4', 10), *flips('fast', 16, end=1500), *flips('mkv', 6), *flips('mkv', 8, end=700), *flips('avi', 4),
    *flips('avi', 6, end=400), *flips('ts', 6), *flips('ts', 6, end=600),
    *flips('fast', 8, end=1500, read=partial(read, backend='decord')),
    case('mp4-without-index', lambda: clip().replace(b'moov', b'free'), r'expected an index \(moov\)'),
    case('mp4-pictures-wiped', lambda: clip()[:48] + bytes(len(clip()) // 2) + clip()[48 + len(clip()) // 2:]),
    case('mp4-a-million-samples', lambda: many_samples(10**6), 'the 3.* bytes of the file, found 1,000,000'),
    case('mp4-fifty-million-samples', lambda: many_samples(5 * 10**7), 'found 50,000,000 announced'),
    case('mp4-four-billion-samples', lambda: many_samples(2**32 - 1), 'found 4,294,967,295 announced'),
    case('mp4-sample-of-gigabytes', lambda: patched(clip(), b'stsz', 16, 2**31), 'found 2,147,483,648 announced'),
    case('mp4-fragment-of-many-samples', lambda: fragment_of(10**8), 'found 100,000,000 announced'),
    case('mp4-more-frames-than-it-has', lambda: patched(clip(), b'stsz', 12, 31), may_load=True,
         check=is_sound),
    case('mp4-box-of-no-size', lambda: patched(clip(), b'stbl', -4, 0), may_load=True, check=is_sound),
    case('mp4-box-of-exabytes', lambda: patched(clip(), b'trak', -4, 1), may_load=True, check=is_sound),
    loads('mp4-header-says-65535x65535', lambda: patched(clip(), b'avc1', 28, 65535, 65535, form='>H')),
    loads('mp4-lasts-a-million-years', lambda: patched(clip(), b'mvhd', 16, 2**32 - 1)),
    case('mjpeg-60000x60000', lambda: huge_pictures('avi'), file='x.avi'),
    case('mjpeg-60000x60000-mkv', lambda: huge_pictures('mkv'), file='x.mkv'),
    case('vp8-16383x16383', huge_vp8, file='x.mkv'),
    case('vp8-16383x16383-decord', huge_vp8, file='x.mkv', read=partial(read, backend='decord')),
    case('sound-only', audio, 'expected a video stream, found only audio'),
    case('cover-picture-only', lambda: audio('mp3', cover=True), file='x.mp3'),
    *[case(f'is-{kind}', lambda data=data: data, found) for kind, data, found in (
        ('empty', b'', 'found an empty file'), ('zeros', bytes(5000), 'found a file that begins with'),
        ('text', b'no video at all\n' * 99, 'begins with'), ('web-page', b'<!DOCTYPE html><h1>404</h1>', 'a web page'),
        ('json', b'{"error": "not found"}', 'found JSON'), ('numpy', npy(), 'begins with'),
        ('zip', b'PK\x03\x04' + bytes(99), 'found a zip archive'), ('link-text', URL.encode(), 'begins with'))],
    case('is-png', lambda: cv2.imencode('.png', picture(0))[1].tobytes(), 'found a PNG picture'),
    *refers('hls-of-a-file', 'x.m3u8', HLS.format('FOLDER/other.ts')),
    *refers('hls-named-mp4', 'x.mp4', HLS.format('FOLDER/other.ts')),
    *refers('hls-of-an-address', 'x.m3u8', HLS.format(URL)),
    *refers('hls-of-a-data-url', 'x.m3u8', HLS.format('data:video/mp2t;base64,R0AAEAAAsA0AAcEAAAAB')),
    *refers('hls-of-a-protocol', 'x.m3u8', HLS.format('concat:FOLDER/other.ts|FOLDER/other.ts')),
    *refers('concat-of-a-file', 'x.ffconcat', "ffconcat version 1.0\nfile other.mp4\n"),
    *refers('dash-of-an-address', 'x.mpd', DASH.format(URL)), *refers('sdp', 'x.sdp', SDP),
    named_like_an_address('http:/x.mp4'), named_like_an_address('concat:x.mp4'), named_like_an_address('x%03d.mp4'),
    named_like_an_address('Küche 厨房\n1.mp4'), named_like_an_address('-i.mp4'),
    loads('mp4-named-mkv', clip, file='x.mkv'), loads('mkv-named-mp4', lambda: clip('mkv')),
    loads('mp4-without-ending', clip, file='x'),
    loads('index-does-not-keep-packets', lambda: clip('mkv', 'rawvideo', 2000), is_long, file='x.mkv', read=count,
          max_growth=16 * 2**20),
    loads('one-frame', lambda: clip(num_frames=1), check=is_sound),
    odd('a-folder', lambda path: path.mkdir(), 'found a folder'), odd('a-pipe', os.mkfifo, 'found a named pipe'),
    odd('a-socket', bind, 'found a socket'), odd('a-device', lambda path: path.symlink_to('/dev/zero'), 'a device'),
    odd('missing', lambda path: None, 'found nothing'),
    odd('a-link-to-nothing', lambda path: path.symlink_to('nothing.mp4'), 'found a link'),
    odd('a-link-to-itself', lambda path: path.symlink_to(path.name), 'cannot be followed'),
    Case('is-zeros-of-a-terabyte', 'video', partial(sparse_file, 'x.mp4', b'', 2**40), read, VideoError),
    Case('mp4-followed-by-a-terabyte', 'video', partial(sparse_file, 'x.mp4', clip(), 2**40), read, VideoError,
         may_load=True, check=is_whole),
]
