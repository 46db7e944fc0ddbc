import numpy as np
import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.extractors import FeatureExtractor


class Mean(FeatureExtractor):
    """Mean grey level of each frame of a clip."""

    def __init__(self, clip_len=1, frame_interval=1):
        super().__init__(clip_len, frame_interval, (2, 2))
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.dim, self.source = clip_len, dict(extractor='Mean')

    def transform_frame(self, frame):
        return frame[:2, :2]

    def encode(self, clips):
        return clips.float().mean(dim=(2, 3, 4)) * self.weight


def test_forward_transforms_each_frame() -> None:
    frames = np.arange(2 * 3, dtype=np.uint8).reshape(2, 3, 1, 1, 1) * np.ones((1, 1, 5, 7, 3), np.uint8)
    rows = Mean(3)(frames)
    assert rows.dtype == torch.float32
    np.testing.assert_array_equal(rows.detach(), [[0, 1, 2], [3, 4, 5]])


@pytest.mark.parametrize('frames', [np.zeros((1, 3, 4, 4, 3)), np.zeros((1, 2, 4, 4, 3), np.uint8),
                                    np.zeros((3, 4, 4, 3), np.uint8)])
def test_frames_of_another_kind_are_refused(frames: np.ndarray) -> None:
    with pytest.raises(ConfigError, match=r'Mean: expected RGB frames uint8 \(N, 3, H, W, 3\), found (float64|uint8)'):
        Mean(3)(frames)


@pytest.mark.parametrize(('clip_len', 'interval', 'stride', 'first', 'centre'), [
    (1, 1, 1, 0, 0.0),     # every frame is a row
    (1, 1, 5, 2, 2.0),     # the middle one of five frames
    (1, 1, 4, 2, 2.0),     # of two middle frames the later one
    (3, 1, 1, -1, 0.0),
    (5, 1, 5, 0, 2.0),     # clips side by side
    (4, 1, 1, -1, 0.5),
    (32, 2, 16, -23, 8.0),
])
def test_the_clip_is_centred_on_the_frames_of_its_row(clip_len, interval, stride, first, centre) -> None:
    extractor = Mean(clip_len, interval)
    assert extractor.first_frame(stride) == first
    recipe = extractor.recipe(25.0, stride)
    assert recipe['first_row_sec'] == pytest.approx(centre / 25)
    assert abs(centre - (stride - 1) / 2) <= 0.5
    assert (recipe['window'], recipe['feature_fps']) == ((clip_len - 1) * interval + 1, 25 / stride)


def test_clips_repeat_the_ends_of_the_video() -> None:
    frames = Mean(5, 2).clip_frames([0, 1, 2], stride=4, num_frames=10)
    np.testing.assert_array_equal(frames, [[0, 0, 2, 4, 6], [2, 4, 6, 8, 9], [6, 8, 9, 9, 9]])


def test_impossible_clips_are_refused() -> None:
    with pytest.raises(ConfigError, match='clip_len must be a whole number >= 1, found 0'):
        Mean(0)
    with pytest.raises(ConfigError, match='frame_interval must be a whole number >= 1, found 1.5'):
        Mean(2, 1.5)
