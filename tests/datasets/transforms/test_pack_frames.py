import numpy as np
import pytest
import torch

from egoexo.datasets.transforms.pack_frames import PackFrames
from egoexo.errors import ConfigError

FRAMES = np.random.default_rng(0).integers(0, 256, (6, 4, 5, 3), dtype=np.uint8)


def pack(frames: np.ndarray, clip_len: int | None, **results: object) -> dict:
    return PackFrames(clip_len, meta_keys=['sample_id'])(dict(frames=frames, sample_id='a') | results)


def test_a_picture() -> None:
    packed = pack(FRAMES[:1], None, label=3)
    assert packed['inputs'].dtype == torch.uint8
    np.testing.assert_array_equal(packed['inputs'], FRAMES[0].transpose(2, 0, 1))
    assert packed['data_samples'].gt_label == 3 and packed['data_samples'].sample_id == 'a'
    assert 'gt_label' not in pack(FRAMES[:1], None)['data_samples']


def test_a_clip_and_several() -> None:
    np.testing.assert_array_equal(pack(FRAMES, 6)['inputs'], FRAMES.transpose(3, 0, 1, 2))
    clips = pack(FRAMES, 2)['inputs']
    assert clips.shape == (3, 3, 2, 4, 5)
    np.testing.assert_array_equal(clips[1], FRAMES[2:4].transpose(3, 0, 1, 2))
    np.testing.assert_array_equal(pack(FRAMES, 4)['inputs'], FRAMES[:4].transpose(3, 0, 1, 2))


@pytest.mark.parametrize(('frames', 'clip_len', 'found'), [
    (FRAMES, None, 'clip_len=None and 6 frames'), (FRAMES, 8, 'clip_len=8 and 6 frames')])
def test_frames_that_do_not_fit(frames: np.ndarray, clip_len: int | None, found: str) -> None:
    with pytest.raises(ConfigError, match=f'expected None for one picture, else the frames of a clip, found {found}'):
        pack(frames, clip_len)


def test_absent_keys() -> None:
    with pytest.raises(ConfigError, match="'a': expected 'uid', 'subset', 'view', 'sample_idx', found only frames"):
        PackFrames()(dict(frames=FRAMES[:1], sample_id='a'))
