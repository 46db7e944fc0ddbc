"""The mp4 writer gives the same bytes, the reader the same frames as another library."""

import decord
import numpy as np
import pytest

from egoexo.errors import VideoError
from egoexo.mini.video import read_mp4, write_mp4


@pytest.fixture(scope='module')
def frames() -> np.ndarray:
    """Sixty frames that tell their number by two grey levels, beside a red bar."""
    images = np.zeros((60, 48, 64, 3), np.uint8)
    for index, image in enumerate(images):
        image[:, :32] = 20 + 28 * (index % 8)  # steps that the encoder cannot skip
        image[:, 32:] = 20 + 28 * (index // 8)
        image[:8] = (30, 60, 220)
    return images


def test_same_frames_give_same_bytes(frames, tmp_path):
    audio = (np.sin(np.arange(16000) / 9) * 8000).astype(np.int16)
    write_mp4(tmp_path / 'a.mp4', [frames[:13], frames[13:]], 25.0, (64, 48))
    write_mp4(tmp_path / 'sub' / 'other.mp4', [frames], 25.0, (64, 48))
    write_mp4(tmp_path / 'c.mp4', [frames], 30.0, (64, 48), audio=audio)
    write_mp4(tmp_path / 'd.mp4', [frames], 30.0, (64, 48), audio=audio)
    assert (tmp_path / 'a.mp4').read_bytes() == (tmp_path / 'sub' / 'other.mp4').read_bytes()
    assert (tmp_path / 'c.mp4').read_bytes() == (tmp_path / 'd.mp4').read_bytes()
    assert not list(tmp_path.rglob('*.part'))


@pytest.mark.parametrize('fps', [25.0, 30.0, 50.0])
def test_decord_reads_what_our_reader_reads(frames, tmp_path, fps):
    path = tmp_path / 'a.mp4'
    assert write_mp4(path, [frames], fps, (64, 48)) == 60
    ours = np.concatenate(list(read_mp4(path, block=7)))
    reader = decord.VideoReader(str(path))
    theirs = reader.get_batch([59, *range(59)]).asnumpy()[..., ::-1]
    assert len(reader) == len(ours) == 60
    assert reader.get_avg_fps() == fps
    np.testing.assert_array_equal(ours[[59, *range(59)]], theirs)


def test_each_frame_comes_back_in_its_place(frames, tmp_path):
    write_mp4(tmp_path / 'a.mp4', [frames], 25.0, (64, 48))
    decoded = np.concatenate(list(read_mp4(tmp_path / 'a.mp4', block=16)))[:, ::4, ::4].astype(int)
    distance = np.abs(decoded[:, None] - frames[None, :, ::4, ::4].astype(int)).mean(axis=(2, 3, 4))
    np.testing.assert_array_equal(distance.argmin(axis=1), np.arange(60))
    # Chroma subsampling is nearly all of the loss.
    assert distance.diagonal().max() < 6


def test_audio_starts_on_time_and_fills_whole_packets(frames, tmp_path):
    audio = np.zeros(40000, np.int16)
    audio[8000:8020] = 20000
    write_mp4(tmp_path / 'a.mp4', [frames], 24.0, (64, 48), audio=audio)
    samples = decord.AudioReader(str(tmp_path / 'a.mp4'), ctx=decord.cpu(0))[:].asnumpy()[0]
    assert len(samples) == 40960  # the next multiple of 1024
    assert abs(int(np.abs(samples).argmax()) - 8010) <= 10


def test_blocks_have_the_asked_length(frames, tmp_path):
    write_mp4(tmp_path / 'a.mp4', [frames], 25.0, (64, 48))
    assert [len(block) for block in read_mp4(tmp_path / 'a.mp4', block=25)] == [25, 25, 10]


@pytest.mark.parametrize(
    ('blocks', 'size', 'message'),
    [
        ([np.zeros((2, 48, 64, 3), np.uint8)], (63, 48), 'even sides, found 63x48'),
        ([np.zeros((2, 48, 64, 3), np.uint8)], (48, 64), r'expected uint8 blocks \(n, 64, 48, 3\).*\(2, 48, 64, 3\)'),
        ([np.zeros((2, 48, 64, 3), np.float32)], (64, 48), 'found float32'),
        ([], (64, 48), 'no frame was given'),
    ],
)
def test_bad_frames_are_refused_and_leave_no_file(blocks, size, message, tmp_path):
    with pytest.raises(VideoError, match=message):
        write_mp4(tmp_path / 'a.mp4', blocks, 25.0, size)
    assert list(tmp_path.iterdir()) == []


def test_unreadable_files_are_named(frames, tmp_path):
    with pytest.raises(VideoError, match=r'nowhere\.mp4: expected a readable video'):
        list(read_mp4(tmp_path / 'nowhere.mp4'))
    write_mp4(tmp_path / 'cut.mp4', [frames], 25.0, (64, 48))
    (tmp_path / 'cut.mp4').write_bytes((tmp_path / 'cut.mp4').read_bytes()[:900])
    with pytest.raises(VideoError, match=r'cut\.mp4'):
        list(read_mp4(tmp_path / 'cut.mp4'))
