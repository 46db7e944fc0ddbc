import numpy as np
import pytest

from egoexo.visualization.curves import draw_curves, smooth
from egoexo.visualization.palette import VIEW_COLORS


def line(figure, name):
    return next(line for line in figure.axes[0].lines if line.get_gid() == name)


@pytest.mark.parametrize(('window', 'expected'), [
    (1, [1, 5, 3, 7, 9]), (3, [1, 3, 5, 19 / 3, 9]), (100, [1, 3, 5, 19 / 3, 9])])
def test_smooth(window, expected):
    # Beyond the window's reach of either end every window is shorter: the last column is 25 / 5 in the middle.
    np.testing.assert_allclose(smooth(np.array([1., 5, 3, 7, 9]), window), expected)


def test_smooth_keeps_a_straight_line():
    values = np.arange(50) * 0.5 + 3
    np.testing.assert_allclose(smooth(values, 11), values)


def test_points_and_style():
    figure = draw_curves({'ego_val': ([1, 2, 3], [10, 20, 15]), 'exo_test': ([1, 2, 3], [5, np.nan, 6])},
                         x_label='epoch', y_label='F1')
    np.testing.assert_array_equal(line(figure, 'ego_val').get_xydata(), [[1, 10], [2, 20], [3, 15]])
    np.testing.assert_array_equal(line(figure, 'exo_test').get_xydata(), [[1, 5], [3, 6]])
    assert line(figure, 'ego_val').get_color() == VIEW_COLORS['ego']
    assert line(figure, 'exo_test').get_linestyle() == '--'
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ['ego_val', 'exo_test']


def test_long_curves_are_thinned_and_smoothed():
    y = np.tile([1.0, 3.0], 2000)
    figure = draw_curves({'loss': (np.arange(4000), y)}, x_label='iteration', y_label='loss', log_y=True)
    raw, smoothed = figure.axes[0].lines
    assert len(raw.get_xdata()) == 1500
    assert raw.get_xdata()[-1] == 3999
    np.testing.assert_allclose(smoothed.get_ydata()[200:-200], 2, atol=0.02)
    assert figure.axes[0].get_yscale() == 'log'


@pytest.mark.parametrize(('series', 'message'), [
    ({}, 'at least one curve'), ({'loss': ([1, 2], [1])}, "curve 'loss' has 2 x values and 1 y values")])
def test_bad_input(series, message):
    with pytest.raises(ValueError, match=message):
        draw_curves(series, x_label='', y_label='')
