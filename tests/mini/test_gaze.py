import numpy as np
import pytest

from egoexo.mini.gaze import turn_head
from egoexo.mini.presets import PRESETS
from egoexo.mini.state import RIGHT


def _lead(state):
    """Seconds by which the gaze is ahead of the right hand along the counter, by cross-correlation of speeds."""
    gaze = np.abs(np.gradient(state.gaze_point[:, 0]))
    hand = np.abs(np.gradient(state.wrists[:, RIGHT, 0]))
    gaze, hand = gaze - gaze.mean(), hand - hand.mean()
    lags = np.arange(-20, 21)
    score = [(gaze[20 + lag:len(gaze) - 20 + lag] * hand[20:-20]).sum() for lag in lags]
    return -lags[int(np.argmax(score))] / state.fps


def test_gaze_leads_the_hand(ego_states):
    leads = [_lead(state) for state in ego_states]
    assert np.median(leads) == pytest.approx(0.45, abs=0.25)
    assert np.mean(np.array(leads) > 0.1) > 0.8


def test_gaze_is_on_the_object_when_the_hand_takes_it(ego_states):
    near = []
    for state in ego_states:
        for action in state.actions:
            if action.verb == 'take':
                start, end = action.start_sec, action.end_sec
                frame = int((start + .40 * (end - start)) * state.fps)
                target = state.object_position[frame, state.object_names.index(action.nouns[0])]
                near.append(np.linalg.norm(state.gaze_point[frame] - target) < 0.15)
    assert np.mean(near) > 0.97


def test_gaze_sometimes_leaves_the_work(ego_states):
    on_wall = np.mean(np.concatenate([state.gaze_point[:, 1] for state in ego_states]) > 1.0)
    assert 0.005 < on_wall < 0.1


def test_head_follows_gaze_by_its_share():
    gaze = np.full((50, 3), (0.0, 1.0, 0.0))
    head = np.zeros((50, 3))
    direction = turn_head(head, gaze, 25, PRESETS['default'])
    expected = np.array([0, .82 + .18 * .8, -.18 * .6])
    np.testing.assert_allclose(direction, np.broadcast_to(expected / np.linalg.norm(expected), (50, 3)))
