import dataclasses

import numpy as np
import pytest
from matplotlib.colors import to_hex

from egoexo.visualization.feature_space import FeatureSet, draw_feature_space
from egoexo.visualization.palette import VIEW_COLORS
from egoexo.visualization.separability import project

NAMES = ('cut', 'hold', 'pour')


def make_set(shift=6.0, title='source only', num=60, **changes):
    rng = np.random.default_rng(0)
    videos = np.arange(num) % 12
    views = np.where(videos % 2, 'exo', 'ego')
    classes = np.arange(num) // 12 % 3
    features = rng.normal(size=(num, 5)) * 0.1 + 8 * np.eye(5)[classes] + shift * (views == 'exo')[:, None]
    item = FeatureSet(title, features, views.tolist(), classes, [f'v{v}' for v in videos])
    return dataclasses.replace(item, **changes)


def panel(figure, gid):
    axes, = (axes for axes in figure.axes if axes.get_gid() == gid)
    return axes


def texts(axes):
    return [text.get_text() for text in axes.texts]


def points_of(axes, view):
    return np.concatenate([item.get_offsets() for item in axes.collections if item.get_gid() == f'points_{view}'])


def test_points_lie_at_their_principal_components():
    item = make_set()
    figure = draw_feature_space([item], NAMES)
    points, _ = project(item.features)
    drawn = points_of(panel(figure, 'view_0'), 'exo')
    expected = points[np.asarray(item.views) == 'exo']
    np.testing.assert_allclose(drawn[np.lexsort(drawn.T)], expected[np.lexsort(expected.T)])


def test_views_and_classes_have_their_colours():
    figure = draw_feature_space([make_set(classes=np.where(np.arange(60) < 12, -1, 1))], NAMES)
    colors = {to_hex(color) for item in panel(figure, 'view_0').collections if item.get_gid() == 'points_ego'
              for color in item.get_facecolors()}
    assert colors == {VIEW_COLORS['ego']}
    by_class = {to_hex(color) for item in panel(figure, 'class_0').collections if item.get_gid()
                for color in item.get_facecolors()}
    assert len(by_class) == 2  # class 1, and grey for the rows without a single class
    assert {'hold', 'other or several', 'ego', 'exo'} <= set(texts(panel(figure, 'class_0')))


def test_numbers_tell_before_from_after():
    figure = draw_feature_space([make_set(), make_set(0.0, 'adapted')], NAMES, title='head')
    before, after = (' '.join(texts(panel(figure, f'view_{column}'))) for column in (0, 1))
    assert 'proxy A-distance 2.00 (probe error 0 %, chance 50 %)' in before
    assert 'source only' in before
    assert 'adapted' in after
    assert float(after.split('A-distance ')[1].split()[0]) < 0.8
    assert 'class centres ego → exo: 100 % right (chance 33 %)' in ' '.join(texts(panel(figure, 'class_1')))
    assert {'ego, 30', 'exo, 30'} <= set(texts(panel(figure, 'view_1')))


def test_source_decides_the_direction():
    assert make_set(source='exo').class_text().startswith('class centres exo → ego')
    assert make_set(classes=np.full(60, -1)).class_text() == 'class centres ego → exo: too few common classes'


def test_the_same_picture_twice():
    first, second = (points_of(panel(draw_feature_space([make_set()], NAMES), 'view_0'), 'ego') for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(('change', 'message'), [
    ({'views': ['ego'] * 60}, "has rows of 'ego', expected two views, one of them the source 'ego'"),
    ({'videos': ['v']}, '60 features, 60 views, 60 classes and 1 videos'),
    ({'features': np.full((60, 5), np.nan)}, 'hold NaN or Inf in 60 of 60 rows'),
    ({'source': 'test'}, "one of them the source 'test'")])
def test_errors(change, message):
    with pytest.raises(ValueError, match=message):
        draw_feature_space([make_set(**change)], NAMES)


def test_no_set():
    with pytest.raises(ValueError, match='at least one set of features, got none'):
        draw_feature_space([], NAMES)
