from dataclasses import replace

import numpy as np
import pytest

from egoexo.visualization.mask_pair import RIGHT_COLOR, WRONG_COLOR, MaskPair, draw_mask_pairs, visibility_note


def make_pair(**changes):
    query, target = np.zeros((64, 64, 3), np.uint8), np.zeros((54, 96, 3), np.uint8)
    mask = np.zeros((48, 48), bool)
    mask[10:30, 10:30] = True
    wide = np.zeros((27, 48), bool)
    wide[10:20, 10:20] = True
    pair = MaskPair(query, target, mask, wide, wide, True, 0.98, 0.7123, 'steel bowl/1', 'ego2exo', 'aria01_214-1',
                    'cam02', '120', 'take a1')
    return replace(pair, **changes)


def words(figure):
    return [text.get_text() for text in figure.texts] + [text.get_text() for axes in figure.axes for text in axes.texts]


def pictures(figure):
    return [axes for axes in figure.axes if axes.images and axes.get_gid() != 'close-up']


def test_names_cameras_score_and_answer_are_written():
    found = words(draw_mask_pairs([make_pair()], title='ego2exo_val'))
    assert {'ego2exo_val', 'steel bowl/1', 'frame 120, take a1', 'IoU 0.71', '✓ visible 0.98', 'EGO', 'EXO',
            'query aria01_214-1', 'target cam02'} <= set(found)
    assert 'not visible in this view' not in found


@pytest.mark.parametrize(('visible', 'confidence', 'text', 'color'), [
    (True, 0.98, '✓ visible 0.98', RIGHT_COLOR), (False, 0.51, '✗ visible 0.51', WRONG_COLOR),
    (False, 0.5, '✓ not visible 0.50', RIGHT_COLOR), (True, 0.2, '✗ not visible 0.20', WRONG_COLOR)])
def test_answer_is_judged_strictly_above_a_half(visible, confidence, text, color):
    assert visibility_note(make_pair(visible=visible, confidence=confidence)) == (text, color)


def test_answer_without_truth_or_prediction():
    assert visibility_note(make_pair(visible=None))[0] == 'visible 0.98'
    assert visibility_note(make_pair(confidence=None))[0] == ''


def test_absent_object_is_told_on_the_picture():
    figure = draw_mask_pairs([make_pair(visible=False, target_mask=None, iou=None)])
    assert 'not visible in this view' in words(figure)
    assert not any(word.startswith('IoU') for word in words(figure))
    assert [patch.get_gid() for patch in pictures(figure)[1].patches] == ['predicted']


def test_pictures_of_a_pair_have_one_height_and_fill_the_width():
    figure = draw_mask_pairs([make_pair()])
    query, target = (axes.get_position() for axes in pictures(figure))
    assert query.height == pytest.approx(target.height) and query.y0 == pytest.approx(target.y0)
    width, height = figure.get_size_inches()
    assert query.width * width == pytest.approx(query.height * height)
    assert target.width * width == pytest.approx(target.height * height * 96 / 54)
    assert target.x1 * width == pytest.approx(width - 0.1, abs=0.01)


def test_two_columns_from_three_pairs_on():
    figure = draw_mask_pairs([make_pair()] * 3)
    lefts = {round(axes.get_position().x0, 3) for axes in pictures(figure)}
    assert len(lefts) == 4
    assert len({round(axes.get_position().x0, 3) for axes in pictures(draw_mask_pairs([make_pair()] * 2))}) == 2


def test_long_names_are_cut():
    found = words(draw_mask_pairs([make_pair(object_name='a very long name ' * 8)] * 3))
    assert any(word.startswith('a very') and word.endswith('…') for word in found)


def test_names_are_no_formulas(tmp_path):
    name = r'a $\frac{ b $ c'
    figure = draw_mask_pairs([make_pair(object_name=name, note='$x_$', query_camera='$y^$')])
    figure.savefig(tmp_path / 'pair.png', dpi=40)
    assert name in words(figure)


def test_legend_names_what_occurs():
    def legend(pair):
        return [text.get_text() for text in draw_mask_pairs([pair]).legends[0].get_texts()]
    assert legend(make_pair()) == ['given mask', 'predicted', 'annotated']
    assert legend(make_pair(pred_mask=None, confidence=None)) == ['given mask', 'annotated']
    assert not any('probability' in word for word in words(draw_mask_pairs([make_pair(confidence=None)])))


@pytest.mark.parametrize(('pairs', 'columns', 'message'), [
    ([], None, 'needs at least one pair, got none'), ([make_pair()], 0, 'columns must be at least 1, got 0'),
    ([make_pair(target_image=np.zeros((4, 4), np.uint8))], 1,
     r'target_image of steel bowl/1 is uint8 \(4, 4\), expected uint8 \(H, W, 3\)'),
    ([make_pair(query_image=np.zeros((4, 4, 3)))], 1, r'query_image of steel bowl/1 is float64 \(4, 4, 3\)'),
    ([make_pair(pred_mask=np.zeros((1, 4, 4)), object_name='')], 1,
     r'pred_mask of a pair has shape \(1, 4, 4\), expected \(H, W\)')])
def test_what_cannot_be_drawn_is_refused(pairs, columns, message):
    with pytest.raises(ValueError, match=message):
        draw_mask_pairs(pairs, columns=columns)
