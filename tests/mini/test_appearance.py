import numpy as np
import pytest

from egoexo.mini.appearance import draw_appearance
from egoexo.mini.kitchen import lay_out
from egoexo.mini.presets import PRESETS
from egoexo.mini.vocabulary import OBJECTS, RECIPES

PRESET = PRESETS['default']
KITCHEN = lay_out(RECIPES['task1'], PRESET, np.random.default_rng(0))


def _styles(view, count=200):
    return [draw_appearance(KITCHEN, PRESET, view, np.random.default_rng(seed)) for seed in range(count)]


def test_furniture_is_nearly_grey_and_objects_keep_their_hue():
    styles = _styles('ego')
    for surface in ('wall', 'counter', 'floor', 'cabinet'):
        colors = np.array([getattr(style, surface) for style in styles])
        assert np.ptp(colors, axis=1).max() <= 36
        assert colors.mean(1).std() > 10
    colors = np.array([style.object_colors for style in styles])
    nominal = np.array([OBJECTS[name].color for name in KITCHEN.names])
    tomato = KITCHEN.names.index('tomato')
    spread = PRESET.object_color_jitter
    tolerance = 3 * spread / np.sqrt(len(styles))  # of a mean over independent videos
    assert colors[:, tomato, :2].mean(0) == pytest.approx(nominal[tomato, :2], rel=tolerance)
    assert colors[:, tomato, :2].std(0) == pytest.approx(spread * nominal[tomato, :2], rel=0.5)
    assert colors.max() <= 255  # red tomatoes are clipped there
    assert (colors[:, tomato, 2] > 2 * colors[:, tomato, 0]).all()


def test_exo_pictures_have_their_own_cast():
    ego, exo = (np.mean([style.cast for style in _styles(view)], axis=0) for view in ('ego', 'exo'))
    assert exo / ego == pytest.approx(PRESET.exo_cast)
    gains = [style.gain for style in _styles('ego')]
    assert .85 <= min(gains) < .90 and 1.07 < max(gains) <= 1.12
