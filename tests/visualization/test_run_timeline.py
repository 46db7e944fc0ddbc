import numpy as np
import pytest

from egoexo.visualization.palette import class_color
from egoexo.visualization.run_timeline import RunTimeline, draw_run_timelines

NAMES = ('background', *(f'class {index}' for index in range(1, 28)))
TRUTH = np.repeat([0, 3, 5], [50, 100, 50])


def strips(figure, gid):
    return [bars for axes in figure.axes for bars in axes.collections if bars.get_gid() == gid]


def spans(bars):
    return [(path.vertices[:, 0].min(), path.vertices[:, 0].max()) for path in bars.get_paths()]


def texts(figure):
    return [text.get_text() for text in figure.texts]


def video(**changes):
    fields = dict(sample_id='v1', view='exo', truth=TRUTH, scores={'one': 51.25}, note='exo_val',
                  predictions={'one': np.roll(TRUTH, 25), 'two': np.append(TRUTH, 7)})
    return RunTimeline(**fields | changes)


def test_truth_above_the_prediction_of_every_run():
    figure = draw_run_timelines([video()], NAMES)
    truth, one, two = (strips(figure, name)[0] for name in ('truth', 'one', 'two'))
    assert spans(truth) == spans(two) == [(0, 2), (2, 6), (6, 8)]  # frames beyond the truth are not drawn
    assert spans(one) == [(0, 1), (1, 3), (3, 7), (7, 8)]
    tops = [bars.axes.get_position().y1 for bars in (truth, one, two)]
    assert tops == sorted(tops, reverse=True)
    np.testing.assert_allclose(truth.get_facecolors()[1][:3], [int(class_color(3)[at:at + 2], 16) / 255
                                                               for at in (1, 3, 5)])


def test_wrong_frames_and_scores():
    figure = draw_run_timelines([video()], NAMES)
    errors = strips(figure, 'error')
    assert spans(errors[0]) == [(0, 1), (2, 3), (6, 7)]
    assert spans(errors[1]) == []
    assert '51.2' in texts(figure)  # half to even
    assert 'EXO' in texts(figure)
    assert 'v1   exo_val' in texts(figure)


def test_axes_do_not_overlap_and_stay_in_the_figure():
    picture = np.zeros((9, 16, 3), np.uint8)
    figure = draw_run_timelines([video(thumbnails=[picture] * 4), video(sample_id='v2')], NAMES)
    boxes = [axes.get_position() for axes in figure.axes]
    assert all(box.x0 >= 0 and box.y0 >= -1e-9 and box.x1 <= 1 and box.y1 <= 1 for box in boxes)
    for place, one in enumerate(boxes):
        for other in boxes[place + 1:]:
            assert min(one.x1, other.x1) <= max(one.x0, other.x0) + 1e-9 or (
                min(one.y1, other.y1) <= max(one.y0, other.y0) + 1e-9)
    assert len([axes for axes in figure.axes if axes.get_gid() == 'thumbnail']) == 4


def test_long_names_get_more_room():
    left = {length: strips(draw_run_timelines([video(predictions={'n' * length: TRUTH})], NAMES), 'truth')[0]
            .axes.get_position().x0 for length in (3, 20)}
    assert left[20] > left[3]


@pytest.mark.parametrize(('videos', 'message'), [
    ([], 'at least one video'), ([video(predictions={})], 'a prediction of at least one run'),
    ([video(predictions={'one': TRUTH[:9]})],
     "prediction of run 'one' for video 'v1' has 9 frames, expected at least the 200"),
    ([video(predictions={'one': TRUTH - 30})], 'class id -\\d+ has no colour')])
def test_what_cannot_be_drawn(videos, message):
    with pytest.raises(ValueError, match=message):
        draw_run_timelines(videos, NAMES)
