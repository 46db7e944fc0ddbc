import numpy as np
import pytest

from egoexo.visualization.length_accuracy import LENGTH_EDGES, draw_length_accuracy, length_bins, length_name


def test_bins_begin_with_their_edge():
    assert length_bins(np.array([0.0, 0.99, 1.0, 3.9, 31.9, 32.0])).tolist() == [0, 0, 1, 2, 5, 6]
    assert [length_name(place) for place in range(len(LENGTH_EDGES))] == [
        'below 1 s', '1 to 2 s', '2 to 4 s', '4 to 8 s', '8 to 16 s', '16 to 32 s', '32 s and more']


def test_a_line_per_task_over_the_bins_that_occur():
    figure = draw_length_accuracy([0, 2, 6], [5, 1200, 1], {'verb': [10, 20, 30], 'noun': [5, 6, 7]}, title='val')
    axes, = figure.axes
    assert {line.get_gid(): line.get_ydata().tolist() for line in axes.lines} == {
        'verb': [10, 20, 30], 'noun': [5, 6, 7]}
    assert [label.get_text() for label in axes.get_xticklabels()] == ['<1 s\n5', '2 to 4 s\n1,200', '32 s+\n1']
    assert [text.get_text() for text in figure.texts] == ['val']


@pytest.mark.parametrize(('places', 'counts', 'values', 'text'), [
    ([], [], {}, 'each of 0 bins, at least one'), ([1], [2], {'verb': [1, 2]}, r"got {'counts': 1, 'verb': 2}")])
def test_sizes_must_fit(places, counts, values, text):
    with pytest.raises(ValueError, match=text):
        draw_length_accuracy(places, counts, values)
