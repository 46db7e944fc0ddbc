import numpy as np
import pytest

from egoexo.visualization.report_cases import describe_errors, mean_disagreement, worst_first

NAMES = ('background', 'Prepare tomato', 'Cut greed/red pepper')


@pytest.mark.parametrize(('truth', 'prediction', 'expected'), [
    (np.repeat([1, 2], 50), np.repeat([1, 2, 0], [50, 50, 9]), 'no wrong frame'),
    (np.repeat([1, 2], 50), np.repeat([1, 2], [70, 30]),
     "20 % of the frames are 'Cut green/red pepper' taken for 'Prepare tomato'"),
    (np.repeat([1, 2], 50), np.full(100, 1),
     "50 % of the frames are 'Cut green/red pepper' taken for 'Prepare tomato'; 1 predicted segments for 2 true ones; "
     "never predicted: 'Cut green/red pepper'"),
    (np.full(100, 1), np.tile([1, 9], 50),
     "50 % of the frames are 'Prepare tomato' taken for class 9; 100 predicted segments for 1 true ones"),
    (np.repeat([1, 2, 5, 6, 7], 20), np.zeros(100, int),
     "20 % of the frames are 'Prepare tomato' taken for 'background'; 1 predicted segments for 5 true ones; "
     "never predicted: 'Prepare tomato', 'Cut green/red pepper', class 5 and 2 more")])
def test_errors_in_words(truth, prediction, expected):
    assert describe_errors(truth, prediction, NAMES) == expected


def test_disagreement_is_the_mean_over_pairs():
    one, two, three = np.zeros(10, int), np.repeat([0, 1], 5), np.repeat([0, 1], [5, 9])
    assert mean_disagreement([one, two], 10) == 50
    assert mean_disagreement([one, two, three], 10) == pytest.approx(100 / 3)


def test_lowest_mean_score_comes_first():
    videos = [type('Video', (), {'scores': {'Avg': value}})() for value in (50, 10, 90)]
    assert [video.scores['Avg'] for video in worst_first(videos)] == [10, 50, 90]
