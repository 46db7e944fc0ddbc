import numpy as np
import pytest
from matplotlib.colors import to_hex

from egoexo.visualization.class_recall import draw_class_recall
from egoexo.visualization.palette import VIEW_COLORS

NAMES = ('cut', 'chopping_board', 'pour')
RECALLS = {'ego_val': np.array([20.0, 80.0, 50.0]), 'exo_val': np.array([30.0, np.nan, 10.0])}


def marks(figure):
    return {item.get_gid(): item for item in figure.axes[0].collections if item.get_gid()}


def test_best_class_of_the_first_list_is_on_top():
    figure = draw_class_recall(RECALLS, NAMES)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ['chopping board', 'pour', 'cut']
    assert marks(figure)['ego_val'].get_offsets()[:, 0].tolist() == [80, 50, 20]
    exo = np.ma.filled(marks(figure)['exo_val'].get_offsets()[:, 0], np.nan)
    np.testing.assert_array_equal(exo, [np.nan, 10, 30])


def test_views_have_their_colours_unless_given():
    found = marks(draw_class_recall(RECALLS, NAMES))
    assert {name: to_hex(mark.get_facecolor()[0]) for name, mark in found.items()} == {
        'ego_val': VIEW_COLORS['ego'], 'exo_val': VIEW_COLORS['exo']}
    runs = dict(zip(('a', 'b'), RECALLS.values(), strict=True))
    found = marks(draw_class_recall(runs, NAMES, colors={'a': '#112233', 'b': '#445566'}))
    assert [to_hex(mark.get_facecolor()[0]) for mark in found.values()] == ['#112233', '#445566']


def test_supports_and_chance_are_written():
    figure = draw_class_recall(RECALLS, NAMES, chance=16.13, title='head', supports={
        'ego_val': np.array([1, 1200, 3]), 'exo_val': np.array([4, 0, 6])})
    assert figure.axes[0].get_yticklabels()[0].get_text() == 'chopping board  (1,200 / 0)'
    line, = (line for line in figure.axes[0].lines if line.get_gid() == 'chance')
    assert line.get_xdata()[0] == 16.13
    assert 'mean of any constant prediction, 16.1' in [text.get_text() for text in figure.legends[0].get_texts()]
    assert figure.texts[-1].get_text() == 'head'


@pytest.mark.parametrize(('recalls', 'message'), [
    ({}, 'at least one list, got none'), ({'ego_val': np.zeros(2)}, r"\{'ego_val': 2\} classes, expected 3 from")])
def test_errors(recalls, message):
    with pytest.raises(ValueError, match=message):
        draw_class_recall(recalls, NAMES)
