import itertools

import pytest

from egoexo.visualization.distance_curves import draw_distance_curves
from egoexo.visualization.palette import VIEW_COLORS


def lines(figure):
    return {line.get_gid(): line for line in figure.axes[0].lines}


def test_curves_and_levels_go_through_their_values():
    found = lines(draw_distance_curves({'ego_val': [0.5, 0.6], 'exo_val': [0.7, 0.75]},
                                       {'uniform': [0.9, 0.9], 'prior': [0.8, 0.85]}))
    assert {name: line.get_ydata().tolist() for name, line in found.items()} == {
        'uniform': [0.9, 0.9], 'prior': [0.8, 0.85], 'ego_val': [0.5, 0.6], 'exo_val': [0.7, 0.75]}
    assert found['ego_val'].get_xdata().tolist() == [1, 2]
    assert [found[name].get_color() for name in ('ego_val', 'exo_val', 'prior')] == [
        VIEW_COLORS['ego'], VIEW_COLORS['exo'], '#8a8a8a']


def test_ends_are_written_and_do_not_touch():
    figure = draw_distance_curves({'a': [0.5, 0.6], 'b': [0.7, 0.601], 'c': [0.2, 0.602]}, title='head')
    ends = sorted((text.xy[1], text.get_text()) for text in figure.axes[0].texts)
    assert [text for _, text in ends] == ['0.60', '0.60', '0.60']
    assert all(upper - lower > 0.02 for (lower, _), (upper, _) in itertools.pairwise(ends))


def test_styles_may_be_given():
    found = lines(draw_distance_curves({'run': [0.5, 0.6]}, styles={'run': ('#123456', '--')}))
    assert (found['run'].get_color(), found['run'].get_linestyle()) == ('#123456', '--')


@pytest.mark.parametrize(('curves', 'message'), [
    ({}, 'got none'), ({'a': [0.1], 'b': [0.1, 0.2]}, r"one length, got \{'a': 1, 'b': 2\}")])
def test_errors(curves, message):
    with pytest.raises(ValueError, match=message):
        draw_distance_curves(curves)
