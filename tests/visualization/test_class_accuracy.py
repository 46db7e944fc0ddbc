from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex

from egoexo.visualization.class_accuracy import draw_class_accuracy

NAMES = ('Serve', 'Mix noodles with sauce in a bowl', 'Add_water')
VALUES = {'source only': np.array([10.0, 40.0, np.nan]), 'LaGTran': np.array([30.0, 20.0, 80.0])}
SUPPORTS = np.array([5, 1200, 0])


def bars(figure):
    found = {}
    for bar in figure.axes[0].patches:
        if bar.get_gid():
            found.setdefault(bar.get_gid(), []).append(bar)
    return found


def test_bars_are_in_the_order_of_the_supports():
    figure = draw_class_accuracy(VALUES, NAMES, supports=SUPPORTS, title='head')
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == [
        'Mix noodles with sauce in a bowl  (1,200)', 'Serve  (5)', 'Add water  (0)']
    widths = {name: [bar.get_width() for bar in row] for name, row in bars(figure).items()}
    assert widths == {'source only': [40, 10, 0], 'LaGTran': [20, 30, 80]}
    assert 'head' in [text.get_text() for text in figure.texts]


def test_without_supports_the_best_class_of_the_first_is_on_top():
    figure = draw_class_accuracy(VALUES, NAMES)
    assert figure.axes[0].get_yticklabels()[0].get_text() == NAMES[1]


def test_bars_of_a_class_do_not_cover_each_other_or_other_classes():
    spans = sorted((bar.get_y(), bar.get_y() + bar.get_height())
                   for row in bars(draw_class_accuracy(VALUES | {'c': np.zeros(3)}, NAMES)).values() for bar in row)
    assert all(end <= start + 1e-9 for (_, end), (start, _) in pairwise(spans))
    assert [int(start) for start, _ in spans] == [int(end) for _, end in spans] == [0] * 3 + [1] * 3 + [2] * 3


def test_means_leave_absent_classes_out():
    figure = draw_class_accuracy(VALUES, NAMES)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        'source only  (mean 25.0)', 'LaGTran  (mean 43.3)']
    line, = (line for line in figure.axes[0].lines if line.get_gid() == 'source only mean')
    assert line.get_xdata()[0] == 25
    assert '–' in [text.get_text() for text in figure.axes[0].texts]


def test_colours_can_be_given():
    figure = draw_class_accuracy(VALUES, NAMES, colors={'source only': '#112233', 'LaGTran': '#445566'})
    assert {name: to_hex(row[0].get_facecolor()) for name, row in bars(figure).items()} == {
        'source only': '#112233', 'LaGTran': '#445566'}


def test_many_long_names_take_several_lines():
    few = draw_class_accuracy({'a': np.ones(3)}, NAMES)
    many = draw_class_accuracy({f'a model with a long name, number {index}': np.ones(3) for index in range(5)}, NAMES)
    assert many.get_figheight() - few.get_figheight() > 3 * 4 * 0.078


@pytest.mark.parametrize(('values', 'supports', 'message'), [
    ({}, None, 'at least one model, got none'),
    ({'a': np.zeros(2)}, None, r"\{'a': 2\} classes, expected 3 from the class names"),
    ({'a': np.zeros(3)}, np.zeros(4), r"'supports': 4"),
    ({'a': np.full(3, np.nan)}, None, 'no class has an accuracy for a; expected at least one scored segment'),
])
def test_errors(values, supports, message):
    with pytest.raises(ValueError, match=message):
        draw_class_accuracy(values, NAMES, supports=supports)


def test_too_many_classes():
    with pytest.raises(ValueError, match='600 classes are too many for one picture; expected at most 120'):
        draw_class_accuracy({'a': np.zeros(600)}, ['x'] * 600)
