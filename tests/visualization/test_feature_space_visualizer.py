import numpy as np
import pytest

from egoexo.registry import VISUALIZERS


@pytest.fixture
def visualizer():
    built = VISUALIZERS.build({'type': 'FeatureSpaceVisualizer', 'name': 'space', 'source': 'exo'})
    built.dataset_meta = {'classes': ('cut', 'take')}
    return built


def make_rows(num=24):
    videos = np.arange(num) % 8
    views = np.where(videos % 2, 'exo', 'ego')
    features = np.random.default_rng(0).normal(size=(num, 4)) + 9 * (views == 'exo')[:, None]
    return features, views.tolist(), np.arange(num) // 8 % 2, [f'v{video}' for video in videos]


def test_figure_and_its_number(visualizer, tmp_path):
    path = tmp_path / 'new' / 'val.svg'
    text = visualizer.add_features('head line', *make_rows(), path, 'my network')
    assert text == 'proxy A-distance 2.00 (probe error 0 %, chance 50 %)'
    assert path.stat().st_size > 2000


def test_one_view_is_told(visualizer, tmp_path):
    features, _, classes, videos = make_rows()
    with pytest.raises(ValueError, match="expected two views, one of them the source 'exo'"):
        visualizer.add_features('head', features, ['ego'] * 24, classes, videos, tmp_path / 'a.png')
