from dataclasses import replace

import numpy as np
import pytest

from egoexo.visualization.mask_pair import RIGHT_COLOR, WRONG_COLOR, MaskPair
from egoexo.visualization.mask_strip import draw_mask_strips, strip_summary


def make_strip(visible=(True, True, False), confidences=(0.9, 0.2, 0.1), num=3):
    query, target = np.zeros((64, 64, 3), np.uint8), np.zeros((54, 96, 3), np.uint8)
    strip = []
    for place in range(num):
        mask = np.zeros((64, 64), bool)
        mask[10 + place:20 + place, 10:20] = True
        wide = np.zeros((54, 96), bool)
        wide[30:40, 50:60] = visible[place] is True
        strip.append(MaskPair(query, target, mask, wide if visible[place] else None, wide, visible[place],
                              confidences[place], 0.5 if visible[place] else None, 'cup_2', 'ego2exo', 'aria01',
                              'cam01', str(30 * place), 'take a1'))
    return strip


def words(figure):
    return {text.get_text(): text.get_color() for text in figure.texts}


def test_columns_are_frames_and_rows_are_views():
    figure = draw_mask_strips([make_strip()], title='val')
    places = [axes.get_position() for axes in figure.axes]
    assert len(places) == 6
    assert len({round(place.x0, 4) for place in places}) == 3 and len({round(place.y0, 4) for place in places}) == 2
    assert {'val', 'cup_2', 'take a1', '0', '30', '60', 'query', 'target', 'EGO', 'EXO', 'above: query aria01',
            'below: target cam01'} <= set(words(figure))


def test_decisions_are_marked_below():
    found = words(draw_mask_strips([make_strip()]))
    assert found['● 0.90 ✓'] == RIGHT_COLOR and found['○ 0.20 ✗'] == WRONG_COLOR and found['○ 0.10 ✓'] == RIGHT_COLOR
    assert {'annotated', 'predicted', 'IoU', '●', '○', '0.50', '–'} <= set(found)


def test_frames_without_the_object_have_a_dashed_frame():
    figure = draw_mask_strips([make_strip()])
    assert [axes.get_gid() for axes in figure.axes] == [None] * 5 + ['not visible']


def test_frames_nobody_looked_at():
    found = words(draw_mask_strips([make_strip(visible=(True, None, None))]))
    assert '○ 0.20' in found and '–' in found


def test_all_frames_of_a_row_show_one_window_that_holds_the_object():
    figure = draw_mask_strips([make_strip()])
    limits = {(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes[:3]}
    assert len(limits) == 1
    (left, right), (bottom, top) = limits.pop()
    assert left <= 10 and right >= 20 and top <= 10 and bottom >= 22 and right - left < 64
    factor = 64 / (right - left)
    assert f'× {factor:.1f}' in words(figure)


def test_prediction_out_of_sight_is_told():
    far = np.zeros((54, 96), bool)
    far[:4, :4] = True
    strip = make_strip()
    strip[1] = replace(strip[1], pred_mask=far)
    cells = draw_mask_strips([strip]).axes[3:]
    assert [[text.get_text() for text in axes.texts] for axes in cells] == [[], ['mask elsewhere'], []]


def test_names_are_no_formulas(tmp_path):
    strip = [replace(pair, object_name='$x_$', note='$y^$', frame='$z_$') for pair in make_strip()]
    figure = draw_mask_strips([strip])
    figure.savefig(tmp_path / 'strip.png', dpi=40)
    assert {'$x_$', '$y^$', '$z_$'} <= set(words(figure))


def test_object_that_fills_the_picture_is_not_enlarged():
    strip = [replace(pair, query_mask=np.ones((8, 8)), target_mask=None, pred_mask=None) for pair in make_strip()]
    assert not any(word.startswith('×') for word in words(draw_mask_strips([strip])))


def test_pictures_of_different_size_are_shown_whole():
    strip = make_strip()
    strip[1] = replace(strip[1], query_image=np.zeros((32, 32, 3), np.uint8))
    figure = draw_mask_strips([strip])
    assert [axes.get_xlim()[1] for axes in figure.axes[:3]] == [64, 32, 64]


@pytest.mark.parametrize(('strip', 'text'), [
    (make_strip(), 'mean IoU 0.50,  visibility right in 2 of 3'),
    ([replace(pair, visible=None, iou=None) for pair in make_strip()], '')])
def test_summary(strip, text):
    assert strip_summary(strip) == text


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match='at least one strip, got none'):
        draw_mask_strips([])
    with pytest.raises(ValueError, match='needs at least one pair, got none'):
        draw_mask_strips([make_strip(), []])
