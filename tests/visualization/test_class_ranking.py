import numpy as np
import pytest
from matplotlib.colors import to_hex

from egoexo.visualization.class_ranking import HIT_COLOR, ClassRanking, draw_class_rankings

NAMES = ('cut', 'hold', 'pour', 'take', 'turn', 'wash')
PROBABILITIES = np.array([0.05, 0.4, 0.2, 0.25, 0.08, 0.02])


def make_sample(**changes):
    return ClassRanking(**{'sample_id': 'uid', 'view': 'ego', 'probabilities': PROBABILITIES, 'truth': [3, 5],
                           'note': 'ego_val'} | changes)


def bars(figure, panel='uid'):
    axes, = (axes for axes in figure.axes if axes.get_gid() == panel)
    return {patch.get_gid(): patch for patch in axes.patches}


def texts(figure):
    return [text.get_text() for text in figure.texts] + [text.get_text() for axes in figure.axes for text in axes.texts]


def test_lines_are_the_likeliest_then_the_missed():
    assert make_sample().lines(3) == [(1, 1, False), (3, 2, True), (2, 3, False), (5, 6, True)]
    assert make_sample(probabilities=None).lines(3) == [(3, 0, True), (5, 0, True)]


def test_bars_are_in_proportion_and_true_ones_coloured():
    figure = draw_class_rankings([make_sample()], NAMES, top=3)
    found = bars(figure)
    assert list(found) == ['bar_1', 'bar_3', 'bar_2', 'bar_5']
    lengths = {gid: bar.get_width() / found['bar_1'].get_width() * 0.4 for gid, bar in found.items()}
    assert lengths == pytest.approx({'bar_1': 0.4, 'bar_3': 0.25, 'bar_2': 0.2, 'bar_5': 0.02})
    colors = {gid: to_hex(bar.get_facecolor()) for gid, bar in found.items()}
    assert colors['bar_3'] == HIT_COLOR
    assert len({colors['bar_1'], colors['bar_2'], colors['bar_3'], colors['bar_5']}) == 3
    assert any(line.get_gid() == 'rule' for axes in figure.axes for line in axes.lines)


def test_words_say_what_was_found():
    shown = texts(draw_class_rankings([make_sample()], NAMES, top=3, title='head'))
    assert {'head', 'EGO', 'uid   ego_val', '1 of 2 found', '✓ take', '✗ wash', 'hold', '40.0 %',
            '2.0 %   rank 6'} <= set(shown)


def test_one_scale_for_all_samples():
    samples = [make_sample(), make_sample(sample_id='other', probabilities=PROBABILITIES / 2)]
    figure = draw_class_rankings(samples, NAMES)
    first, second = bars(figure)['bar_1'], bars(figure, 'other')['bar_1']
    assert second.get_width() == pytest.approx(first.get_width() / 2)


@pytest.mark.parametrize(('truth', 'word'), [([], 'no true class'), (None, None)])
def test_without_truth(truth, word):
    shown = texts(draw_class_rankings([make_sample(truth=truth)], NAMES))
    assert (word in shown) if word else not any('found' in text for text in shown)
    assert not any(text.startswith('✓') for text in shown)


@pytest.mark.parametrize(('samples', 'kwargs', 'message'), [
    ([], {}, 'at least one sample, got none'),
    ([make_sample(truth=None, probabilities=None)], {}, "sample 'uid' has neither truth nor prediction"),
    ([make_sample(probabilities=np.zeros((2, 6)))], {}, r"of sample 'uid' have shape \(2, 6\), expected \(C,\)"),
    ([make_sample()], {'top': 0}, 'top and columns must be at least 1, got 0 and 2')])
def test_errors(samples, kwargs, message):
    with pytest.raises(ValueError, match=message):
        draw_class_rankings(samples, NAMES, **kwargs)


def test_two_views_get_a_column_each():
    samples = [make_sample(sample_id=f'{view}{number}', view=view) for view, number in
               (('exo', 0), ('ego', 0), ('ego', 1), ('exo', 1), ('ego', 2))]
    figure = draw_class_rankings(samples, NAMES)
    left = {axes.get_gid(): round(axes.get_position().x0, 3) for axes in figure.axes}
    top = {axes.get_gid(): round(axes.get_position().y1, 3) for axes in figure.axes}
    assert len({left[name] for name in ('ego0', 'ego1', 'ego2')}) == 1
    assert left['exo0'] == left['exo1'] > left['ego0']
    assert (top['ego0'], top['ego1']) == (top['exo0'], top['exo1'])


def test_long_names_get_more_room_and_the_words_can_be_given():
    names = ('Mix noodles with sauce in a bowl', 'Serve')
    row = ClassRanking('a', 'ego', np.array([0.7, 0.3]), [0], summary='rank 1 of 2')
    long, short = (draw_class_rankings([row], classes) for classes in (names, ('Mix', 'Serve')))
    assert long.axes[0].get_position().x0 > short.axes[0].get_position().x0
    assert '✓ Mix noodles with sauce in a bowl' in [text.get_text() for text in long.axes[0].texts]
    assert 'rank 1 of 2' in [text.get_text() for text in long.texts]
