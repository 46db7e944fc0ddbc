import numpy as np
import pytest

from egoexo.visualization.confusion_matrix import count_confusions, draw_confusion_matrix

PAIRS = [(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1, 2])), (np.array([3]), np.array([0]))]
COUNTS = np.array([[1, 1, 0, 0], [0, 2, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]])
NAMES = ('background', 'a', 'b', 'Add sause')


def test_counts_stop_at_the_truth():
    np.testing.assert_array_equal(count_confusions(PAIRS, 4), COUNTS)


def test_figure_shows_row_percentages_of_the_classes_that_occur():
    figure = draw_confusion_matrix(COUNTS, NAMES, 'ego_val')
    axes = figure.axes[0]
    np.testing.assert_allclose(axes.images[0].get_array(), [[50, 50, 0], [0, 100, 0], [100, 0, 0]])
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ['background 0', 'a 1', 'Add sauce 3']
    assert {text.get_position(): text.get_text() for text in axes.texts} == {
        (0, 0): '50', (1, 0): '50', (1, 1): '100', (0, 2): '100'}


@pytest.mark.parametrize(('truth', 'prediction', 'message'), [
    ([0, 1, 2], [0, 1], 'prediction has 2 frames, expected at least the 3'),
    ([0, 4], [0, 0], 'truth holds class ids 0 to 4, expected 0 to 3'),
    ([0, 1], [-1, 0], 'prediction holds class ids -1 to 0')])
def test_bad_labels(truth, prediction, message):
    with pytest.raises(ValueError, match=message):
        count_confusions([(np.array(truth), np.array(prediction))], 4)


@pytest.mark.parametrize(('counts', 'message'), [
    (np.ones((3, 3), int), r'shape \(3, 3\), expected \(4, 4\)'), (np.zeros((4, 4), int), 'holds no frame')])
def test_bad_matrix(counts, message):
    with pytest.raises(ValueError, match=message):
        draw_confusion_matrix(counts, NAMES)
