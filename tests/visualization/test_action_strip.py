import numpy as np
import pytest

from egoexo.visualization.action_strip import ActionStrip, draw_action_strips

NAMES = {'verb': ['take', 'put-down', 'wash'], 'noun': ['plate', 'cup', 'board:chopping', 'tap', 'jug', 'egg', 'oil']}


def make_strip(**changes):
    pictures = [np.full((20, 30, 3), 10 * place, np.uint8) for place in range(4)]
    return ActionStrip(**dict(
        sample_id='P01_101_7', pictures=pictures, narration='put down cup', truth={'verb': 1, 'noun': 6},
        probabilities={'verb': np.array([0.2, 0.7, 0.1]), 'noun': np.array([0.4, 0.2, 0.1, 0.1, 0.09, 0.06, 0.05])}
    ) | changes)


def words(figure):
    return [text.get_text() for text in figure.texts] + [text.get_text() for axes in figure.axes for text in axes.texts]


def test_picture_names_truth_and_rank():
    texts = words(draw_action_strips([make_strip(note='val')], NAMES, title='P01'))
    assert {'P01', 'EGO', 'P01_101_7', 'val', '“put down cup”', 'verb: put-down   noun: oil'} <= set(texts)
    assert {'✓ verb', '✗ noun', '✓ put-down', '✗ oil', '70.0 %', '5.0 %   rank 7'} <= set(texts)
    assert any(text.startswith('At the right of the id') for text in texts)


def test_pictures_are_shown_as_they_are():
    figure = draw_action_strips([make_strip()], NAMES)
    shown = [axes.images[0].get_array() for axes in figure.axes if str(axes.get_gid()).startswith('ego_')]
    assert [int(picture[0, 0, 0]) for picture in shown] == [0, 10, 20, 30]


def test_scale_leaves_room_for_numbers():
    figure = draw_action_strips([make_strip()], NAMES)
    axes = {axes.get_gid(): axes for axes in figure.axes}
    widths = {bar.get_gid(): bar.get_width() for bar in axes['P01_101_7 verb'].patches}
    assert 0.4 < widths['bar_1'] < 0.8 and widths['bar_0'] == pytest.approx(widths['bar_1'] * 2 / 7)
    assert axes['P01_101_7 noun'].patches[0].get_width() == pytest.approx(widths['bar_1'] * 4 / 7)  # one scale


def test_partner_and_labels_without_prediction():
    strip = make_strip(probabilities={}, partner_pictures=make_strip().pictures, partner_narration='get cup',
                       partner_truth='verb: get', labels='noun: sink')
    figure = draw_action_strips([strip], NAMES)
    texts = words(figure)
    assert {'TPV', '“get cup”', 'verb: get', 'verb: put-down   noun: oil   noun: sink'} <= set(texts)
    assert not any('✓' in text or text.startswith('At the right') for text in texts)
    assert [axes.get_gid() for axes in figure.axes] == [f'{kind}_{place}' for kind in ('ego', 'tpv')
                                                        for place in range(4)]


def test_unknown_truth_and_names():
    strip = make_strip(truth={'verb': -1}, narration='')
    texts = words(draw_action_strips([strip], {}))
    assert 'class 1' in texts and not strip.verdicts() and not any(text.startswith('verb: ') for text in texts)


def test_third_person_clip_alone():
    assert 'TPV' in words(draw_action_strips([make_strip(view='tpv', probabilities={})], NAMES))


@pytest.mark.parametrize(('strips', 'top', 'text'), [
    ([], 5, 'needs at least one segment, got none'), ([make_strip()], 0, 'top must be at least 1, got 0'),
    ([make_strip(pictures=[np.zeros((4, 4), np.uint8)])], 5, r"pictures of segment 'P01_101_7' are uint8 \(4, 4\)"),
    ([make_strip(pictures=[np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8)])], 5, 'expected uint8'),
    ([make_strip(probabilities={'verb': np.zeros((2, 2))})], 5, r'verb probabilities .* have shape \(2, 2\)')])
def test_what_cannot_be_drawn(strips, top, text):
    with pytest.raises(ValueError, match=text):
        draw_action_strips(strips, NAMES, top=top)
