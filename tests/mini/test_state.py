from dataclasses import replace

import numpy as np
import pytest

from egoexo.errors import AnnotationError
from egoexo.mini.motion import simulate
from egoexo.mini.presets import PRESETS, plan_takes
from egoexo.mini.state import CoarseStep


@pytest.fixture(scope='module')
def state():
    preset = PRESETS['tiny']
    return simulate(plan_takes(preset, 0)[0], preset, 0)


def test_step_labels_follow_start_inclusive_end_exclusive(state):
    steps = (CoarseStep(5, 0, 0.1, 0.2), CoarseStep(7, 1, 0.2, 0.5))
    labels = replace(state, steps=steps, fps=30.0).step_labels()
    expected = np.zeros(state.num_frames, np.int64)
    expected[3:6], expected[6:15] = 5, 7
    np.testing.assert_array_equal(labels, expected)
    assert labels.dtype == np.int64


def test_action_labels_are_indices_or_minus_one(state):
    labels = state.action_labels()
    times = state.times
    assert labels[0] == -1
    for index, action in enumerate(state.actions):
        np.testing.assert_array_equal(labels == index, (times >= action.start_sec) & (times < action.end_sec))


def test_no_steps_means_background_everywhere(state):
    assert not replace(state, steps=()).step_labels().any()


@pytest.mark.parametrize(('change', 'message'), [
    (lambda state: dict(wrists=state.wrists[:-1]), r'wrists has shape \(\d+, 2, 3\), expected'),
    (lambda state: dict(gaze_point=state.gaze_point * np.nan), 'gaze_point holds NaN'),
    (lambda state: dict(steps=state.steps[::-1]), 'step 1 spans'),
    (lambda state: dict(actions=(replace(state.actions[-1], end_sec=99.0),)), r'action 0 spans .*99\.000 s, expected'),
])
def test_validation_names_the_fault(state, change, message):
    with pytest.raises(AnnotationError, match=message):
        replace(state, **change(state)).validate()


def test_times_and_duration(state):
    assert state.duration_sec == pytest.approx(state.num_frames / 30)
    assert state.times[30] == 1.0


def test_a_coarser_grid_keeps_every_nth_frame(state):
    coarse = state.every(30)
    coarse.validate()
    assert (coarse.num_frames, coarse.fps) == (-(-state.num_frames // 30), 1.0)
    np.testing.assert_array_equal(coarse.object_position, state.object_position[::30])
    np.testing.assert_array_equal(coarse.times, state.times[::30])
    assert coarse.steps is state.steps
