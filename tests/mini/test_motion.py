from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest

from egoexo.mini.motion import simulate
from egoexo.mini.presets import PRESETS, plan_epic_videos, plan_takes, plan_videos
from egoexo.mini.state import RIGHT, TakeState


def _arrays(state: TakeState) -> dict[str, np.ndarray]:
    return {field.name: getattr(state, field.name) for field in fields(state)
            if isinstance(getattr(state, field.name), np.ndarray)}


@pytest.mark.parametrize('population', ['A', 'B'])
def test_a_state_is_a_function_of_plan_preset_and_seed(population):
    preset = PRESETS['tiny']
    plan = (plan_videos if population == 'A' else plan_takes)(preset, 0)[3]
    first = simulate(plan, preset, 0)
    simulate(plan_videos(preset, 1)[0], preset, 1)
    second = simulate(plan, preset, 0)
    for name, values in _arrays(first).items():
        np.testing.assert_array_equal(values, getattr(second, name), err_msg=name)
    assert (first.steps, first.actions, first.events) == (second.steps, second.actions, second.events)
    other = simulate(plan, preset, 1)
    assert other.actions != first.actions


def test_knobs_of_looks_leave_the_labels_alone(preset):
    plan = plan_videos(preset, 0)[0]
    usual, other = (simulate(plan, world, 0) for world in (preset, replace(preset, object_color_jitter=0.0,
                                                                         saccade_lead=0.0, extra_ingredients=0)))
    assert usual.actions == other.actions
    assert usual.num_frames == other.num_frames


def test_every_class_verb_and_noun_has_training_rows(world):
    train = [state for plan, state in world if plan.split == 'train']
    classes = Counter(step.class_id for state in train for step in state.steps)
    assert len(classes) == 18 and min(classes.values()) >= 10
    verbs = Counter(action.verb for state in train for action in state.actions)
    assert len(verbs) == 17 and min(verbs.values()) >= 10
    nouns = Counter(noun for state in train for action in state.actions for noun in action.nouns)
    assert len(nouns) == 19 and min(nouns.values()) >= 10


@pytest.mark.parametrize('view', ['ego', 'exo'])
def test_background_share_and_lengths(world, view):
    states = [state for plan, state in world if plan.view == view]
    background = np.concatenate([state.step_labels() for state in states]) == 0
    assert .05 < background.mean() < .20
    assert np.mean([state.duration_sec for state in states]) == pytest.approx({'ego': 49, 'exo': 33}[view], rel=0.15)
    # Planning needs nine steps for its first row.
    assert min(len(state.steps) for state in states) >= 9


def test_durations_of_fine_and_coarse_spans_in_ego_videos(ego_states):
    fine = np.percentile([a.end_sec - a.start_sec for state in ego_states for a in state.actions], [5, 50, 95])
    coarse = np.percentile([s.end_sec - s.start_sec for state in ego_states for s in state.steps], [5, 50, 95])
    np.testing.assert_allclose(fine, [.60, 1.13, 1.95], rtol=.12)
    np.testing.assert_allclose(coarse, [2.0, 3.2, 5.3], rtol=.15)


def test_every_class_occurs_in_the_large_world():
    preset = PRESETS['large']
    states = [simulate(plan, preset, 0) for plan in plan_videos(preset, 0)[:300:12]]
    assert {step.class_id for state in states for step in state.steps} == set(range(1, 28))


def test_the_take_moment_shows_in_holder_and_position(ego_states):
    for state in ego_states[:6]:
        for action in state.actions:
            if action.verb != 'take':
                continue
            k = state.object_names.index(action.nouns[0])
            grasp = int(np.ceil((action.start_sec + .45 * (action.end_sec - action.start_sec)) * state.fps - 1e-6))
            assert state.object_holder[grasp, k] == 2
            assert state.object_holder[grasp - 1, k] == 0
            np.testing.assert_array_equal(state.object_position[grasp - 1, k], state.object_position[grasp - 3, k])


def test_held_objects_ride_on_the_right_wrist(ego_states):
    state = ego_states[0]
    for k in range(len(state.object_names)):
        held = np.flatnonzero(state.object_holder[:, k] == 2)
        settled = held[np.isin(held - 8, held)]
        offset = state.object_position[settled, k] - state.wrists[settled, RIGHT]
        if len(settled):
            assert np.ptp(offset, axis=0).max() < 1e-9
            assert np.abs(offset).max() < 0.15


def test_takes_start_in_the_middle_with_what_was_done_before(takes):
    assert {len(state.steps) for state in takes} == {3, 4}
    assert 10 < np.mean([state.duration_sec for state in takes]) < 15
    assert any(state.object_cut[0].any() for state in takes)
    assert all(state.steps[0].start_sec < 1 for state in takes)
    assert len({step.class_id for state in takes for step in state.steps}) >= 14
    for state in takes:
        assert [action.step_index for action in state.actions] == sorted(action.step_index for action in state.actions)
        assert {action.step_index for action in state.actions} == set(range(len(state.steps)))
        assert all(0 <= event.time_sec <= state.duration_sec for event in state.events)


def test_levels_show_in_quality_and_tremor(takes):
    quality = [np.mean([a.quality for state in takes if state.level == level for a in state.actions])
               for level in range(4)]
    np.testing.assert_allclose(quality, [.14, .40, .65, .88], atol=.06)
    shake = [np.mean([np.abs(np.diff(state.wrists[:, RIGHT], 3, axis=0)).mean() for state in takes
                      if state.level == level]) for level in range(4)]
    assert shake[0] > 1.7 * shake[3]
    kinds = [Counter(e.kind for state in takes if state.level == level for e in state.events) for level in (0, 3)]
    assert kinds[0]['tip'] > 20 and kinds[0]['good_execution'] == 0
    assert kinds[1]['good_execution'] > 10 and kinds[1]['tip'] == 0


def test_epic_videos_repeat_the_motion_at_50_fps(preset, world):
    plan, state = world[0]
    again = simulate(plan_epic_videos(preset, 0)[0], preset, 0)
    assert (again.uid, again.fps) == ('P01_101', 50.0)
    assert again.actions == state.actions
    frames = np.arange(state.num_frames - 1)
    np.testing.assert_allclose(again.wrists[2 * frames], state.wrists[frames], atol=0.01)
    np.testing.assert_allclose(again.gaze_point[2 * frames], state.gaze_point[frames], atol=0.12)
    assert plan.uid == state.uid


def test_positions_stay_in_the_kitchen(world):
    for _, state in world:
        assert np.abs(state.body_x).max() < 1.4
        assert (np.abs(state.object_position[..., 0]) < 1.7).all()
        assert (state.object_position[..., 2] > 0.7).all() and (state.object_position[..., 2] < 1.6).all()
        assert np.linalg.norm(np.diff(state.wrists, axis=0), axis=-1).max() * state.fps < 13
