import numpy as np
import pytest
from matplotlib.colors import to_rgb

from egoexo.visualization.palette import class_color
from egoexo.visualization.timeline import TimelineVideo, draw_timeline

NAMES = ['background', *(f'Prepare {i}' for i in range(1, 12)), *(f'Cut {i}' for i in range(12, 19)),
         *(f'Boil {i}' for i in range(19, 23)), 'Deep frying', 'Stir-frying', 'Add sauce', 'Clean', 'Other']
TRUTH = np.repeat([0, 12, 24], [50, 100, 50])
PREDICTION = np.repeat([0, 12, 3, 24, 1], [40, 90, 20, 50, 5])  # 5 frames longer than the truth


def strips(figure, gid):
    """Rectangles of all collections with a gid: [(start, end, colour), ...] per axes."""
    found = []
    for axes in figure.axes:
        for bars in axes.collections:
            if bars.get_gid() == gid:
                boxes = [path.get_extents() for path in bars.get_paths()]
                colors = np.resize(bars.get_facecolor(), (len(boxes), 4))  # one colour stands for all boxes
                found.append([(box.x0, box.x1, tuple(color[:3])) for box, color in zip(boxes, colors, strict=True)])
    return found


def strip_axes(figure, gid):
    return [axes for axes in figure.axes if any(bars.get_gid() == gid for bars in axes.collections)]


def test_rectangles_are_the_runs_in_seconds():
    figure = draw_timeline([TimelineVideo('a', 'ego', TRUTH, PREDICTION)], NAMES, fps=25)
    truth, = strips(figure, 'truth')
    np.testing.assert_allclose([bar[:2] for bar in truth], [(0, 2), (2, 6), (6, 8)])
    np.testing.assert_allclose([bar[2] for bar in truth], [to_rgb(class_color(index)) for index in (0, 12, 24)])
    prediction, = strips(figure, 'prediction')
    np.testing.assert_allclose([bar[:2] for bar in prediction], [(0, 1.6), (1.6, 5.2), (5.2, 6), (6, 8)])


def test_error_strip_marks_the_wrong_frames():
    figure = draw_timeline([TimelineVideo('a', 'ego', TRUTH, PREDICTION)], NAMES, fps=25)
    errors, = strips(figure, 'error')
    np.testing.assert_allclose([bar[:2] for bar in errors], [(1.6, 2), (5.2, 6)])
    wrong = sum(end - start for start, end, _ in errors) / 8
    assert wrong == pytest.approx(np.mean(PREDICTION[:200] != TRUTH))
    figure = draw_timeline([TimelineVideo('a', 'ego', TRUTH, PREDICTION)], NAMES, show_error=False)
    assert strips(figure, 'error') == []


def test_perfect_prediction_has_no_error_mark():
    figure = draw_timeline([TimelineVideo('a', 'exo', TRUTH, TRUTH)], NAMES)
    assert strips(figure, 'error') == [[]]


def test_ego_stands_above_exo_and_order_is_kept():
    videos = [TimelineVideo(name, view, TRUTH, PREDICTION) for name, view in
              (('x1', 'exo'), ('e1', 'ego'), ('x2', 'exo'), ('e2', 'ego'))]
    figure = draw_timeline(videos, NAMES)
    written = {text.get_text().strip(): text.get_position()[1] for text in figure.texts}
    heights = [written[name] for name in ('e1', 'e2', 'x1', 'x2')]
    assert heights == sorted(heights, reverse=True)
    assert len(strips(figure, 'truth')) == 4


def test_nothing_overlaps_and_all_is_inside():
    pictures = [np.zeros((36, 64, 3), np.uint8)] * 5
    videos = [TimelineVideo('a', 'ego', TRUTH, PREDICTION, thumbnails=pictures),
              TimelineVideo('b', 'exo', TRUTH, PREDICTION)]
    figure = draw_timeline(videos, NAMES, title='Title')
    boxes = [axes.get_position() for axes in figure.axes]
    assert len([axes for axes in figure.axes if axes.get_gid() == 'thumbnail']) == 5
    for number, box in enumerate(boxes):
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= 1 and box.y1 <= 1
        for other in boxes[number + 1:]:
            overlap = min(box.x1, other.x1) - max(box.x0, other.x0), min(box.y1, other.y1) - max(box.y0, other.y0)
            assert min(overlap) <= 1e-9
    ratio = (boxes[0].width * figure.get_figwidth()) / (boxes[0].height * figure.get_figheight())
    assert ratio == pytest.approx(64 / 36)


def test_scores_in_the_row_title():
    figure = draw_timeline([TimelineVideo('a', 'ego', TRUTH, PREDICTION)], NAMES)
    # 30 of 200 frames differ; 3 true against 5 predicted segments, two insertions; 3 hits at overlap 0.5 of 5 and 3.
    assert 'Acc 85.0   Edit 60.0   F1@50 75.0' in [text.get_text() for text in figure.texts]
    figure = draw_timeline([TimelineVideo('a', 'ego', TRUTH, PREDICTION, scores={'Acc': 12.34})], NAMES)
    assert 'Acc 12.3' in [text.get_text() for text in figure.texts]


def test_legend_shows_only_classes_that_are_drawn():
    figure = draw_timeline([TimelineVideo('a', 'ego', TRUTH, PREDICTION)], NAMES)
    legend = next(axes for axes in figure.axes if axes.get_gid() == 'legend')
    # class 1 occurs only beyond the truth
    assert sorted(patch.get_gid() for patch in legend.patches) == ['class_0', 'class_12', 'class_24', 'class_3']


@pytest.mark.parametrize(('seconds', 'unit', 'label', 'ticks'), [
    (120, 'auto', 's', ['0', '20', '40']), (600, 'auto', 'min:s', ['0:00', '1:00', '2:00']),
    (120, 'min', 'min:s', ['0:00', '0:15', '0:30']), (400, 's', 's', ['0', '50', '100'])])
def test_time_axis(seconds, unit, label, ticks):
    truth = np.repeat([0, 12], [25, seconds * 25 - 25])
    figure = draw_timeline([TimelineVideo('a', 'ego', truth)], NAMES, time_unit=unit)
    axes = strip_axes(figure, 'truth')[0]
    figure.canvas.draw()
    shown = [tick.get_text() for tick in axes.get_xticklabels()]
    first = shown.index(ticks[0])
    assert shown[first:first + 3] == ticks
    assert label in [text.get_text() for text in axes.texts]


@pytest.mark.parametrize(('truth', 'prediction', 'drawn'), [(TRUTH, None, ['truth']), (None, TRUTH, ['prediction'])])
def test_one_strip_alone(truth, prediction, drawn):
    figure = draw_timeline([TimelineVideo('a', 'ego', truth, prediction)], NAMES)
    assert [gid for gid in ('truth', 'prediction', 'error') if strips(figure, gid)] == drawn
    assert not any('Acc' in text.get_text() for text in figure.texts)


@pytest.mark.parametrize(('videos', 'message'), [
    ([], 'at least one video, got none'),
    ([TimelineVideo('a', 'ego', None)], "video 'a' has neither truth nor prediction"),
    ([TimelineVideo('a', 'ego', np.array([], int))], "video 'a' has an empty label sequence"),
    ([TimelineVideo('a', 'ego', TRUTH, TRUTH[:150])], "video 'a' has 150 frames, expected at least the 200"),
    ([TimelineVideo('a', 'ego', np.array([-1, -1]))], 'class id -1 has no colour'),
])
def test_bad_input(videos, message):
    with pytest.raises(ValueError, match=message):
        draw_timeline(videos, [*NAMES, 'one more'])
