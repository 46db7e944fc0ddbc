import numpy as np
import pytest

from egoexo.mini.hand_motion import move_hands
from egoexo.mini.presets import PRESETS, plan_videos
from egoexo.mini.procedure import PlannedStep
from egoexo.mini.schedule import make_schedule
from egoexo.mini.script import Script, Target

PRESET = PRESETS['default']


def _perform(class_id, skill=1.0, seed=0):
    """Goals of one step over a fixed spot, without any script."""
    plan = plan_videos(PRESET, 0)[0]
    schedule = make_schedule([PlannedStep(class_id, 0, True)], plan, PRESET, skill, np.random.default_rng(seed))
    target = Target(np.array([0.0, .4, 1.0]), np.array([0.0, .5, .95]), 0.0)
    times = np.arange(int(schedule.duration_sec * 100)) / 100
    script = Script((target,) * len(schedule.moves), ())
    return schedule, times, move_hands(schedule, script, times, 100, .001, np.random.default_rng(1)).goals


def _frequency(values, rate=100):
    values = values - values.mean()
    spectrum = np.abs(np.fft.rfft(values * np.hanning(len(values)), 4096))
    return np.argmax(spectrum) * rate / 4096


def _window(move, times):
    start, end = move.action.start_sec, move.action.end_sec
    return (times > start + .3 * (end - start)) & (times < end - .02)


@pytest.mark.parametrize(('class_id', 'verb', 'axis'), [(12, 'cut', 2), (25, 'shake', 0), (26, 'wash', 0)])
def test_verbs_move_at_their_frequency(class_id, verb, axis):
    schedule, times, goals = _perform(class_id, skill=1.0, seed=6)
    move = next(move for move in schedule.moves if move.template.verb == verb)
    nominal = {'cut': 3.0, 'shake': 4.5, 'wash': 2.0}[verb] * move.execution.rhythm
    assert _frequency(goals[_window(move, times), 0, axis]) == pytest.approx(nominal, rel=0.15)


def test_two_handed_verbs_move_both_hands_in_counter_phase():
    schedule, times, goals = _perform(26)
    wash = goals[_window(schedule.moves[0], times)]
    assert np.corrcoef(wash[:, 0, 0], wash[:, 1, 0])[0, 1] < -0.9


def test_the_hand_arrives_before_a_quarter_of_the_action_and_stays():
    schedule, times, goals = _perform(12)
    move = schedule.moves[1]
    working = goals[_window(move, times), 0]
    assert np.abs(working.mean(0) - (0, .4, 1.0)).max() < 0.02


def test_tremor_falls_with_quality():
    shakes = []
    for skill in (0.0, 1.0):
        schedule, times, goals = _perform(19, skill=skill, seed=2)
        move = schedule.moves[1]  # operate: slow, so that what is fast is tremor
        height = goals[_window(move, times), 0, 2]
        shakes.append(np.diff(height, 2).std())
    assert shakes[0] > 4 * shakes[1]


def test_fumbles_leave_the_way():
    schedule, times, goals = next(run for run in (_perform(12, skill=0.0, seed=seed) for seed in range(30))
                                  if run[0].moves[1].begin_sec < run[0].moves[1].action.start_sec)
    move = schedule.moves[1]
    fumble = goals[(times > move.begin_sec) & (times < move.action.start_sec), 0]
    assert np.ptp(fumble, axis=0).max() > 0.05
