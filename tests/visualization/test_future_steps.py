import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from egoexo.visualization.future_steps import FutureSteps, draw_future_steps, step_scores
from egoexo.visualization.palette import CLASS_COLORS

NAMES = ('Prepare tomato', 'Cut tomato', 'Boil soup', 'Stir-frying', 'Prepare sause')
TRUTH = np.array([1, 3, 0])
PROBABILITIES = np.array([[0.1, 0.6, 0.15, 0.1, 0.05],       # right
                          [0.5, 0.2, 0.15, 0.1, 0.05],       # the true class 3 is the fourth
                          [0.3, 0.1, 0.15, 0.05, 0.4]])      # wrong, true class second


def make_sample(**changes):
    return FutureSteps(**{'sample_id': 'uid|12.5', 'view': 'ego', 'truth': TRUTH, 'probabilities': PROBABILITIES,
                          'note': 'ego_val'} | changes)


def patches(figure):
    return {patch.get_gid(): patch for axes in figure.axes for patch in axes.patches
            if isinstance(patch, Rectangle) and patch.get_gid()}


def texts(figure):
    return [text.get_text() for text in figure.texts] + [text.get_text() for axes in figure.axes for text in axes.texts]


def test_cells_have_the_colours_of_the_actions():
    found = patches(draw_future_steps([make_sample()], NAMES))
    colors = {gid: to_hex(patch.get_facecolor()) for gid, patch in found.items()}
    assert [colors[f'truth_{place}'] for place in range(3)] == [CLASS_COLORS[index + 1] for index in TRUTH]
    assert [colors[f'predicted_{place}'] for place in range(3)] == [CLASS_COLORS[index + 1] for index in (1, 0, 4)]


def test_bars_are_as_long_as_the_probabilities():
    found = patches(draw_future_steps([make_sample()], NAMES))
    bars = {gid: patch.get_width() / 0.97 for gid, patch in found.items() if gid.startswith('bar')}
    expected = {f'bar_{place}_{index}': PROBABILITIES[place, index]
                for place, ids in enumerate([(1, 2, 0), (0, 1, 2, 3), (4, 0, 2)]) for index in ids}
    assert bars == pytest.approx(expected)
    rows = {gid: round(patch.get_y() - 0.08) for gid, patch in found.items() if gid.startswith('bar_1')}
    assert rows == {'bar_1_0': 0, 'bar_1_1': 1, 'bar_1_2': 2, 'bar_1_3': 3}  # the true class below the three


def test_agreement_and_scores_are_shown():
    shown = texts(draw_future_steps([make_sample()], NAMES))
    assert [text for text in shown if text in '✓✗'] == ['✓', '✗', '✗']
    assert {'✓ Cut tomato', 'Stir-frying', 'Prepare sauce', '60', '10'} <= {text.replace('\n', ' ') for text in shown}
    assert 'EGO' in shown
    assert any('uid|12.5   ego_val' in text for text in shown)
    assert 'ED@1 0.00   ED@3 0.67   1-AUED 0.58' in shown


def test_scores_equal_hand_counts():
    # distances 0, 1, 2 over 1, 2, 3 steps
    assert step_scores(np.array([1, 0, 4]), TRUTH) == pytest.approx(
        {'ED@1': 0.0, 'ED@3': 2 / 3, '1-AUED': 1 - (0 / 2 + 0.5 + (2 / 3) / 2) / 2})
    assert make_sample(scores={'mine': 0.5}).shown_scores() == {'mine': 0.5}
    assert make_sample(truth=None).shown_scores() == {}


def test_history_stands_at_the_right_and_is_cut():
    figure = draw_future_steps([make_sample(past=[0, 1, 2, 3])], NAMES)
    found = patches(figure)
    assert [to_hex(found[f'done_{place}'].get_facecolor()) for place in range(3)] == [
        CLASS_COLORS[index + 1] for index in (1, 2, 3)]  # three columns, the oldest is left out
    assert any(axes.get_ylabel() == 'done\n… 1 earlier' for axes in figure.axes)
    short = patches(draw_future_steps([make_sample(past=[2])], NAMES))
    assert short['done_0'].get_x() == pytest.approx(2.015)


def test_step_without_a_class_is_hatched_and_no_bar():
    found = patches(draw_future_steps([make_sample(truth=np.array([-1, -1, -1]))], NAMES))
    assert found['truth_0'].get_hatch()
    assert to_hex(found['truth_0'].get_facecolor()) == '#ffffff'
    assert sum(gid.startswith('bar') for gid in found) == 9


def test_ego_rows_come_first_and_truth_may_stand_alone():
    figure = draw_future_steps([make_sample(view='exo', sample_id='x', probabilities=None),
                                make_sample(sample_id='e', truth=None)], NAMES, title='head')
    badges = [text for text in texts(figure) if text in ('EGO', 'EXO', 'head')]
    assert badges == ['head', 'EGO', 'EXO']
    gids = patches(figure)
    assert 'truth_0' in gids
    assert 'predicted_0' in gids


@pytest.mark.parametrize(('changes', 'message'), [
    ({'truth': None, 'probabilities': None}, r"sample 'uid\|12.5' has neither truth nor prediction"),
    ({'truth': np.zeros(2, int)}, 'has 2 true steps and 3 predicted ones; expected as many'),
    ({'probabilities': np.zeros(3)}, r'shape \(3,\), expected \(Z, C\) with Z >= 1'),
    ({'truth': np.zeros((0,))}, r'shape \(0,\), expected \(Z,\)')])
def test_bad_sample(changes, message):
    with pytest.raises(ValueError, match=message):
        draw_future_steps([make_sample(**changes)], NAMES)


def test_bad_settings():
    with pytest.raises(ValueError, match='at least one sample, got none'):
        draw_future_steps([], NAMES)
    with pytest.raises(ValueError, match='top must be at least 1, got 0'):
        draw_future_steps([make_sample()], NAMES, top=0)
