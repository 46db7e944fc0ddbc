from pathlib import Path

import numpy as np
import pytest
import torch
from video_support import NumberExtractor, write_video

import egoexo.apis.timed_video as timed_video
from egoexo.apis.clip_features import ClipFeatures, build_extractor, load_extractor_config
from egoexo.apis.timed_video import TimedVideo
from egoexo.errors import ConfigError

EXTRACTOR = dict(type='NumberExtractor')


@pytest.fixture(scope='module')
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp('clips') / 'clip.mp4', 45)


@pytest.mark.parametrize('block', [4, 64])
@pytest.mark.parametrize('batch_size', [1, 4])
@pytest.mark.parametrize(('clip_len', 'interval', 'stride'), [(1, 1, 1), (1, 1, 10), (4, 3, 2), (3, 1, 9), (64, 1, 16)])
def test_rows_see_exactly_the_frames_of_their_clip(video: Path, monkeypatch: pytest.MonkeyPatch, block: int,
                                                   batch_size: int, clip_len: int, interval: int, stride: int) -> None:
    monkeypatch.setattr(timed_video, '_MAX_BLOCK', block)
    features = ClipFeatures(EXTRACTOR | dict(clip_len=clip_len, frame_interval=interval), batch_size)
    decoded: list[int] = []
    with TimedVideo(video) as opened:
        rows = features.rows(opened, stride, decoded.append)
    starts = np.arange(0, 45, stride) + features.extractor.first_frame(stride)
    expected = (starts[:, None] + interval * np.arange(clip_len)).clip(0, 44)
    np.testing.assert_array_equal(rows, expected)
    assert rows.dtype == np.float32
    assert sum(decoded) == 45
    assert features.extractor.num_pictures == len(np.unique(expected))  # each is transformed once
    assert max(features.extractor.batches) <= batch_size


def test_the_centre_of_a_clip_is_the_time_of_its_row(video: Path) -> None:
    features = ClipFeatures(EXTRACTOR | dict(clip_len=4, frame_interval=1))
    recipe = features.recipe(25.0, 6)
    with TimedVideo(video) as opened:
        rows = features.rows(opened, 6)
    inside = np.arange(1, 6)  # clips that touch no end
    seconds = recipe['first_row_sec'] + inside / recipe['feature_fps']
    np.testing.assert_allclose(rows[inside].mean(axis=1) / 25.0, seconds, atol=1e-9)


def test_memory_holds_only_the_frames_that_are_still_needed(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed_video, '_MAX_BLOCK', 2)
    features = ClipFeatures(EXTRACTOR | dict(clip_len=3), batch_size=1)
    alive: list[int] = []
    original = NumberExtractor.encode

    def encode(self: NumberExtractor, clips: torch.Tensor) -> torch.Tensor:
        alive.append(len(generator.gi_frame.f_locals['kept']))
        return original(self, clips)

    with TimedVideo(video) as opened:
        generator = features._clips(opened, 1, lambda num_frames: None)
        for clip in generator:
            encode(features.extractor, torch.from_numpy(clip[None]))
    assert len(alive) == 45
    assert max(alive) <= 3 + 2


def test_random_weights_are_the_same_every_time() -> None:
    config = dict(type='BackboneExtractor', backbone=dict(type='mmaction.ResNet', depth=18), input_format='NCHW',
                  clip_len=1, short_side=32, crop_size=32)
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first, second = (build_extractor(config).backbone.state_dict() for _ in range(2))
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert torch.equal(torch.get_rng_state(), state)


def test_mixed_precision_stands_in_the_recipe() -> None:
    assert ClipFeatures(EXTRACTOR, amp=True).recipe(25.0, 1)['source']['amp'] == 'bfloat16'
    assert 'amp' not in ClipFeatures(EXTRACTOR).recipe(25.0, 1)['source']


def test_config_files(tmp_path: Path) -> None:
    assert load_extractor_config('extraction/slowfast_r50', 'k400.pth')['checkpoint'] == 'k400.pth'
    (tmp_path / 'none.py').write_text('model = dict(type="Segmentor")\n')
    with pytest.raises(ConfigError, match=r'none\.py has no extractor = dict\(type=\.\.\.\)'):
        load_extractor_config(tmp_path / 'none.py')
    (tmp_path / 'broken.py').write_text('extractor = dict(\n')
    with pytest.raises(ConfigError, match=r'broken\.py cannot be read \(SyntaxError\)'):
        load_extractor_config(tmp_path / 'broken.py')
    with pytest.raises(ConfigError, match="There is no config 'extraction/slowfast_50'"):
        load_extractor_config('extraction/slowfast_50')


@pytest.mark.parametrize('name', ['slowfast_r50', 'resnet50', 'slowfast_r50_epic100', 'slowfast_r101_epic100'])
def test_shipped_extractors_build(name: str) -> None:
    config = load_extractor_config(f'extraction/{name}')
    small = config | dict(short_side=32, crop_size=32)
    extractor = build_extractor(small)
    assert extractor.dim == (2048 if name == 'resnet50' else 2048 + 256)
    assert extractor.source.get('channel_order') == ('bgr' if name.endswith('epic100') else None)


@pytest.mark.parametrize(('config', 'message'), [
    (dict(type='FrameHead', num_classes=2, loss=[]), "type='FrameHead' is no FeatureExtractor"),
    (dict(type='NumberExtractor', length=3), "type='NumberExtractor' cannot be built: .*length"),
    (dict(type='NumberExtracter'), 'Did you mean NumberExtractor'),
])
def test_configs_that_are_no_extractor(config: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_extractor(config)


def test_batch_size_must_be_positive() -> None:
    with pytest.raises(ConfigError, match='batch size 0: expected at least 1 clip'):
        ClipFeatures(EXTRACTOR, batch_size=0)
