"""Features depend on the decoded pixels and on nothing else; rows stand where the recipe says."""

import numpy as np
import pytest

from egoexo.errors import FeatureError
from egoexo.mini import features
from egoexo.mini.descriptors import describe
from egoexo.mini.features import FEATURES, extract, project, recipe, segment_features


@pytest.fixture(scope='module')
def frames() -> np.ndarray:
    """Smooth colours that drift, 63 frames of 64 x 48."""
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 256, (63, 6, 8, 3), dtype=np.uint8)
    return coarse.repeat(8, axis=1).repeat(8, axis=2)


@pytest.mark.parametrize(('name', 'rows'), [('clip', 13), ('i3d', 63), ('omnivore', 4)])
def test_rows_and_dimension(frames, name, rows):
    values = extract([frames], 25.0, names=(name,))[name]
    assert values.shape == (rows, FEATURES[name])
    assert values.dtype == np.float32
    assert np.isfinite(values).all()


def test_clip_row_sees_the_centre_of_its_five_frames_only(frames):
    before = extract([frames], 25.0, names=('clip',))['clip']
    changed = frames.copy()
    changed[17] = 255 - changed[17]
    after = extract([changed], 25.0, names=('clip',))['clip']
    assert np.flatnonzero(np.abs(after - before).max(axis=1) > 0).tolist() == [3]
    changed = frames.copy()
    changed[[15, 16, 18, 19]] = 0
    np.testing.assert_array_equal(extract([changed], 25.0, names=('clip',))['clip'], before)


def test_blocks_do_not_matter_and_order_does(frames):
    whole = extract([frames], 25.0)
    parts = extract([frames[:1], frames[1:40], frames[40:]], 25.0)
    turned = extract([frames[::-1]], 25.0)
    for name, values in whole.items():
        np.testing.assert_array_equal(parts[name], values)
        assert np.abs(turned[name] - values).mean() > 0.05


def test_i3d_rows_stand_at_their_frame(frames):
    still = frames[:1].repeat(63, axis=0)
    changed = still.copy()
    changed[30] = 255 - changed[30]
    difference = np.abs(extract([changed], 25.0)['i3d'] - extract([still], 25.0)['i3d']).mean(axis=1)
    assert difference.argmax() == 30
    # As much of the change is seen before it as after it: no row is late.
    np.testing.assert_allclose(difference[1:30], difference[59:30:-1], rtol=1e-3)


def test_whitening_is_an_affine_map_with_the_shipped_constants(frames):
    d = describe(np.ascontiguousarray(frames[:, :, :48]), 25.0)
    mean, sd = features._calibration('i3d')
    raw = project(d, 25.0, 'i3d', whiten=False)
    np.testing.assert_allclose(project(d, 25.0, 'i3d'), 0.4 * (raw - mean) / sd, rtol=1e-4, atol=1e-5)
    assert np.abs(raw).max() <= 1


@pytest.mark.parametrize('name', FEATURES)
def test_shipped_constants_fit_the_features(name):
    mean, sd = features._calibration(name)
    assert mean.shape == sd.shape == (FEATURES[name],)
    assert (sd > 0.01).all()
    assert np.abs(mean).max() < 1


def test_missing_constants_say_how_to_make_them(frames, monkeypatch, tmp_path):
    features._calibration.cache_clear()
    monkeypatch.setattr(features, 'CALIBRATION', tmp_path / 'calibration.npz')
    with pytest.raises(FeatureError, match='make_mini.py --calibrate'):
        extract([frames], 25.0)


def test_unknown_feature(frames):
    with pytest.raises(FeatureError, match="'resnet' is unknown; expected one of clip, i3d, omnivore"):
        extract([frames], 25.0, names=('resnet',))


def test_omnivore_windows_are_flush_with_the_end():
    still = np.full((148, 48, 48, 3), 90, np.uint8)
    changed = still.copy()
    changed[-1] = 200
    rows = [project(describe(video, 30.0), 30.0, 'omnivore') for video in (still, changed)]
    assert len(rows[0]) == 9  # starts 0, 16, ..., 112 and, flush with the end, 116
    differs = np.abs(rows[1] - rows[0]).max(axis=1) > 1e-3
    assert differs[-1]
    assert not differs[:3].any()


@pytest.mark.parametrize(
    ('start', 'stop', 'expected'),
    [
        (0, 20, np.arange(0.5, 20, 2)),
        (5, 15, np.arange(5, 15)),
        (10, 13, [10, 10, 10, 11, 11, 11, 11, 12, 12, 12]),  # shorter than the segments: frames repeat
        (90, 500, np.arange(90, 100)),  # ends with the video
    ],
)
def test_segment_means(start, stop, expected):
    ramp = np.arange(100, dtype=np.float32)[:, None].repeat(8, axis=1)
    means = segment_features(ramp, start, stop, dim=8)
    assert means.shape == (10, 8)
    if stop - start == 3:
        assert (np.diff(means[:, 0]) >= 0).all()
        assert means[0, 0] == 10
        assert means[-1, 0] == 12
    else:
        np.testing.assert_allclose(means[:, 0], expected)


def test_segments_can_be_projected_and_must_not_be_empty():
    rows = np.random.default_rng(0).standard_normal((50, 1024)).astype(np.float32)
    assert segment_features(rows, 0, 50, dim=768).shape == (10, 768)
    with pytest.raises(FeatureError, match=r'clip \[50, 50\) is empty; expected a start inside the 50 feature rows'):
        segment_features(rows, 50, 60)


def test_recipe_says_what_a_row_stands_for():
    assert recipe('clip', 'gaze_50') == {
        'backbone': 'mini-clip', 'feature_fps': 5.0, 'window': 5, 'stride': 5, 'first_row_sec': 0.08,
        'crop': 'gaze_50', 'dtype': 'float32', 'dim': 768,
    }
    assert recipe('i3d', dtype='float16')['first_row_sec'] == 0.0
