from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from egoexo.datasets.pyav_reader import PyAVReader
from egoexo.errors import VideoError
from tests.datasets.conftest import number_shown


def test_every_frame_of_an_open_gop_file_in_random_order(open_gop: Path, sequential: Callable) -> None:
    reference = sequential(open_gop)
    with av.open(str(open_gop)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    keys = [packet.pts for packet in packets if packet.is_keyframe]
    leading = sum(packet.pts < max(key for key in keys if key <= max(p.pts for p in packets[:i + 1] if p.is_keyframe))
                  for i, packet in enumerate(packets))
    assert len(keys) == 6
    assert leading > 0, 'the encoder closed its groups of pictures: this clip proves nothing'
    reader = PyAVReader(open_gop)
    for number in np.random.default_rng(0).permutation(len(reference)).tolist():
        frame = reader.decode(np.array([number]))[0]
        assert number_shown(frame) == number
        np.testing.assert_array_equal(frame, reference[number])


@pytest.mark.parametrize('step', [1, 7, 40])
def test_clips_around_key_frames(open_gop: Path, sequential: Callable, step: int) -> None:
    reference, reader = sequential(open_gop), PyAVReader(open_gop)
    for key in range(25, 150, 25):
        wanted = np.arange(max(key - 2 * step, 0), min(key + 2 * step + 1, 150), step)
        np.testing.assert_array_equal(reader.decode(wanted), reference[wanted])


@pytest.mark.parametrize(('name', 'options'), [
    ('short_groups.mp4', dict(g='2', bf='0')),
    ('pyramid.mp4', {'g': '4', 'bf': '3', 'x264-params': 'open-gop=1:b-pyramid=normal'}),
    ('no_key.mkv', dict(g='250')),
    ('raw.h264', dict(g='12')),
    ('old.avi', dict(g='12', bf='0')),
])
def test_containers(tmp_path: Path, make_video: Callable, sequential: Callable, name: str, options: dict) -> None:
    path = make_video(tmp_path / name, 60, **options)
    reference, reader = sequential(path), PyAVReader(path)
    assert len(reader.timestamps_sec) == len(reference) == 60
    for number in (59, 0, 31, 30, 33, 12, 11, 5, 58):
        frame = reader.decode(np.array([number]))[0]
        assert number_shown(frame) == number
        np.testing.assert_array_equal(frame, reference[number])


def test_variable_frame_rate_counts_pictures_not_seconds(tmp_path: Path, make_video: Callable) -> None:
    times_ms = np.cumsum(np.random.default_rng(3).integers(10, 200, 60)) - 10
    path = make_video(tmp_path / 'variable.mkv', 60, times_ms=times_ms.tolist(), g='12')
    reader = PyAVReader(path)
    assert [number_shown(frame) for frame in reader.decode(np.arange(0, 60, 7))] == list(range(0, 60, 7))
    np.testing.assert_allclose(reader.timestamps_sec, (times_ms - times_ms[0]) / 1000, atol=1e-9)


def test_seek_that_lands_too_late_is_repeated_further_back(open_gop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = PyAVReader(open_gop)

    class Late:
        """A container whose seeks land one key frame behind the wanted one."""

        def __init__(self, container: object) -> None:
            self.container = container

        def seek(self, offset: int, **kwargs: object) -> None:
            keys = reader._keys
            self.container.seek(keys[min(keys.index(offset) + 1, len(keys) - 1)], **kwargs)

        def __getattr__(self, name: str) -> object:
            return getattr(self.container, name)

    monkeypatch.setattr(reader, '_container', Late(reader._container))
    assert number_shown(reader.decode(np.array([80]))[0]) == 80


def test_truncated_files(tmp_path: Path, h264: Path) -> None:
    whole = h264.read_bytes()
    cut = tmp_path / 'cut.mp4'
    cut.write_bytes(whole[:len(whole) // 2])
    with pytest.raises(VideoError, match=r'cut\.mp4: expected a video file'):
        PyAVReader(cut)
    # With the index at the front the beginning of the file can be opened; its end is missing all the same.
    fast_options = dict(movflags='faststart')
    with av.open(str(h264)) as source, av.open(str(tmp_path / 'fast.mp4'), 'w', options=fast_options) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    fast = (tmp_path / 'fast.mp4').read_bytes()
    cut.write_bytes(fast[:int(len(fast) * 0.7)])
    with pytest.raises(VideoError, match='as its header announces|cannot be decoded'):
        PyAVReader(cut)


def test_damaged_pictures_are_refused(tmp_path: Path, h264: Path) -> None:
    data = bytearray(h264.read_bytes())
    start = data.index(b'mdat') + len(data) // 3
    data[start:start + 4000] = bytes(4000)
    path = tmp_path / 'damaged.mp4'
    path.write_bytes(bytes(data))
    with pytest.raises(VideoError, match='damaged.mp4'):
        PyAVReader(path).decode(np.arange(100))


@pytest.mark.parametrize('content', [b'', b'no video at all' * 50])
def test_files_that_are_no_video(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'x.mp4'
    path.write_bytes(content)
    with pytest.raises(VideoError, match=r'x\.mp4: expected a video file .*, found (an empty file|a file that begins)'):
        PyAVReader(path)


def test_audio_file_has_no_video_stream(tmp_path: Path) -> None:
    path = tmp_path / 'sound.mp4'
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('aac', rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), dtype=np.float32), format='fltp', layout='mono')
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(VideoError, match='expected a video stream, found only audio'):
        PyAVReader(path)
