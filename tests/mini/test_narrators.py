"""Two annotators per take: what they saw, when, how they put it, and which camera showed the hands best."""

import numpy as np
import pytest

from egoexo.mini.camera import take_cameras
from egoexo.mini.motion import simulate
from egoexo.mini.narrators import MISSED, VISIBLE_PIXELS, hand_areas, narrate_take
from egoexo.mini.presets import get_preset, plan_takes
from egoexo.mini.render import HAND_IDS, render_ids

PRESET = get_preset('tiny')


@pytest.fixture(scope='module')
def told() -> list:
    """(state, cameras, descriptions per annotator) of the tiny takes."""
    states = [simulate(plan, PRESET, 0) for plan in plan_takes(PRESET, 0)]
    cameras = [take_cameras(state, PRESET) for state in states]
    return [(state, own, narrate_take(state, own, 0.15)) for state, own in zip(states, cameras, strict=True)]


def test_almost_every_action_is_told_by_each_annotator_shortly_after_it_began(told):
    actions = sum(len(state.actions) for state, _, _ in told)
    for annotator in (0, 1):
        descriptions = sum(len(all_of[annotator]) for _, _, all_of in told)
        assert actions * (1 - 3 * MISSED) < descriptions < actions
    delays = []
    for state, _, all_of in told:
        for own in all_of:
            times = [description.time_sec for description in own]
            assert times == sorted(times)
            assert times[0] > 0 and times[-1] < state.duration_sec
            starts = np.array([action.start_sec for action in state.actions])
            delays += [time - starts[starts <= time].max() for time in times]
    assert np.max(delays) < 3
    assert 0.1 < np.median(delays) < 1.2


def test_sentences_are_about_c_and_each_annotators_own(told):
    texts = [[description.text for own in all_of for description in own] for _, _, all_of in told]
    assert all(text.startswith('C ') and text.endswith('.') for own in texts for text in own)
    first, second = (' '.join(d.text for _, _, all_of in told for d in all_of[rank]) for rank in (0, 1))
    assert first != second


def test_best_camera_shows_most_of_the_hands(told):
    named = 0
    for state, cameras, all_of in told[:6]:
        for description in all_of[0]:
            assert description.frame == min(int(description.time_sec * 30), state.num_frames - 1)
            areas = hand_areas(state, cameras, description.frame)
            assert description.ego_visible == (areas.pop('aria01') >= VISIBLE_PIXELS)
            if description.best_exo is not None:
                assert areas[description.best_exo] == max(areas.values()) >= VISIBLE_PIXELS
                named += 1
    assert named > 15
    cameras = [d.best_exo for _, _, all_of in told for own in all_of for d in own]
    assert 0 < cameras.count(None) < 0.2 * len(cameras)
    assert len(set(cameras) - {None}) >= 3


def test_area_counts_the_pixels_of_both_hands_that_nothing_covers(told):
    state, cameras, _ = told[0]
    areas = hand_areas(state, cameras, 40)
    ids = render_ids(state, cameras['cam02'], 40, 41)
    assert areas['cam02'] == sum((ids == hand).sum() for hand in HAND_IDS) > 0
    assert list(areas) == list(cameras)


def test_noise_makes_annotators_unsure(told):
    state, cameras, _ = told[0]
    flags = {noise: [d.unsure for s, c, _ in told[:4] for own in narrate_take(s, c, noise) for d in own]
             for noise in (0.0, 1.0)}
    assert np.mean(flags[0.0]) < 0.15 < 0.2 < np.mean(flags[1.0])
    assert narrate_take(state, cameras, 0.15) == told[0][2]
