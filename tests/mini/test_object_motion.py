import numpy as np
import pytest

from egoexo.mini.kitchen import Kitchen
from egoexo.mini.object_motion import move_objects
from egoexo.mini.script import ObjectEvent

HOME = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 1.0]])
KITCHEN = Kitchen(('tomato', 'knife'), np.full((2, 3), .04), HOME, np.zeros((0, 3)), np.zeros((0, 3)))
TIMES = np.arange(100) / 25
WRISTS = np.stack([np.stack([TIMES, TIMES, TIMES], 1), np.zeros((100, 3))], 1)
OFFSET = np.array([0.0, .1, 0.0])


def test_objects_rest_ride_and_rest_again():
    events = (ObjectEvent(1.0, 0, 2, OFFSET, False), ObjectEvent(2.0, 0, 2, OFFSET, True),
              ObjectEvent(3.0, 0, 0, np.array([9.0, 9, 9]), True))
    position, is_cut, holder = move_objects(KITCHEN, events, WRISTS, TIMES)
    np.testing.assert_array_equal(position[:25, 0], np.broadcast_to(HOME[0], (25, 3)))
    np.testing.assert_allclose(position[32:75, 0], WRISTS[32:75, 0] + OFFSET)
    np.testing.assert_allclose(position[82:, 0], 9)
    np.testing.assert_array_equal(position[:, 1], np.broadcast_to(HOME[1], (100, 3)))
    np.testing.assert_array_equal(holder[:, 0], np.repeat([0, 2, 0], [25, 50, 25]))
    np.testing.assert_array_equal(is_cut[:, 0], np.arange(100) >= 50)
    assert not is_cut[:, 1].any()


def test_changes_of_place_glide_instead_of_jumping():
    position, _, _ = move_objects(KITCHEN, (ObjectEvent(1.0, 0, 0, np.array([1.0, 0, 1]), False),), WRISTS, TIMES)
    steps = np.abs(np.diff(position[:, 0, 0]))
    assert steps.max() < 0.45
    assert steps.sum() == pytest.approx(1.0)


def test_events_before_the_start_hold_from_the_first_frame_and_late_ones_do_nothing():
    events = (ObjectEvent(-1.0, 0, 0, np.array([5.0, 5, 5]), True), ObjectEvent(99.0, 0, 2, OFFSET, False))
    position, is_cut, holder = move_objects(KITCHEN, events, WRISTS, TIMES)
    np.testing.assert_array_equal(position[:, 0], 5.0)
    assert is_cut[:, 0].all() and not holder.any()
