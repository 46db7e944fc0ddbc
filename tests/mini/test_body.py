import numpy as np
import pytest

from egoexo.mini.body import bend_elbows, build_hands, clamp_wrists
from egoexo.mini.state import HAND_PARENTS, JOINT_NAMES

# Official biomechanical limits of the hand annotations: bone lengths in metres, smallest joint angles in degrees.
LONG_BONES = (5, 9, 13, 17)
MIN_ANGLE = {1: 100, 2: 90, 3: 90, **{joint: angle for base in (5, 9, 13, 17)
                                      for joint, angle in ((base, 60), (base + 1, 70), (base + 2, 80))}}


def _bones(hands):
    return np.linalg.norm(hands[..., 1:, :] - hands[..., list(HAND_PARENTS[1:]), :], axis=-1)


def _angles(hands, joint):
    to_parent = hands[..., HAND_PARENTS[joint], :] - hands[..., joint, :]
    to_child = hands[..., joint + 1, :] - hands[..., joint, :]
    cosine = (to_parent * to_child).sum(-1) / (np.linalg.norm(to_parent, axis=-1) * np.linalg.norm(to_child, axis=-1))
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def test_no_hand_violates_the_official_limits(world):
    for _, state in world:
        bones = _bones(state.hands)
        for joint in range(1, 21):
            low, high = (.06, .12) if joint in LONG_BONES else (.005, .08)
            assert low <= bones[..., joint - 1].min() and bones[..., joint - 1].max() <= high, joint
        for joint, least in MIN_ANGLE.items():
            assert _angles(state.hands, joint).min() >= least, joint


def test_extreme_curls_stay_inside_the_limits():
    draw = np.random.default_rng(0)
    shoulders = np.zeros((400, 2, 3))
    wrists = draw.normal(size=(400, 2, 3))
    wrists *= .5 / np.linalg.norm(wrists, axis=-1, keepdims=True)
    curl = np.repeat(np.linspace(0, 1, 400)[:, None], 2, 1)
    hands = build_hands(wrists, bend_elbows(shoulders, wrists, 1.0), curl)
    assert all(_angles(hands, joint).min() >= least for joint, least in MIN_ANGLE.items())


def test_arms_keep_their_lengths(world):
    for _, state in world:
        h = state.height_factor
        joints = {name: state.joints[:, index] for index, name in enumerate(JOINT_NAMES)}
        for side in ('left', 'right'):
            upper = np.linalg.norm(joints[f'{side}_elbow'] - joints[f'{side}_shoulder'], axis=-1)
            lower = np.linalg.norm(joints[f'{side}_wrist'] - joints[f'{side}_elbow'], axis=-1)
            np.testing.assert_allclose(upper, .305 * h, rtol=0, atol=1e-9)
            np.testing.assert_allclose(lower, .305 * h, rtol=0, atol=1e-9)


def test_wrists_of_joints_hands_and_state_are_the_same_points(world):
    for _, state in world[::12]:
        np.testing.assert_array_equal(state.hands[:, :, 0], state.wrists)
        np.testing.assert_array_equal(state.joints[:, [10, 9]], state.wrists)


def test_clamp_pulls_back_along_the_arm_and_leaves_the_rest():
    shoulders = np.zeros((1, 2, 3))
    goals = np.array([[[0, 2.0, 0], [0.1, 0.2, 0.2]]])
    np.testing.assert_allclose(clamp_wrists(goals, shoulders, 1.0), [[[0, .6, 0], [0.1, 0.2, 0.2]]])


def test_elbows_point_outwards_and_down():
    shoulders = np.array([[[.18, 0, 1.4], [-.18, 0, 1.4]]])
    wrists = np.array([[[.1, .4, 1.1], [-.1, .4, 1.1]]])
    elbows = bend_elbows(shoulders, wrists, 1.0)[0]
    middle = (shoulders + wrists)[0] / 2
    assert elbows[0, 0] > middle[0, 0] and elbows[1, 0] < middle[1, 0]
    assert (elbows[:, 2] < middle[:, 2]).all()
    np.testing.assert_allclose(elbows[0] * (-1, 1, 1), elbows[1])


def test_hands_mirror_each_other_and_thumbs_point_inwards():
    wrists = np.array([[[.1, .4, 1.0], [-.1, .4, 1.0]]])
    elbows = np.array([[[.3, .15, 1.1], [-.3, .15, 1.1]]])
    right, left = build_hands(wrists, elbows, np.full((1, 2), .4))[0]
    np.testing.assert_allclose(right * (-1, 1, 1), left, atol=1e-12)
    assert right[4, 0] < right[20, 0] and right[5, 0] < right[17, 0]


def test_curl_brings_finger_tips_nearer_to_the_wrist():
    wrists, elbows = np.array([[[0, .4, 1.0]] * 2] * 3), np.array([[[0.2, .1, 1.1]] * 2] * 3)
    hands = build_hands(wrists, elbows, np.array([[0, 0], [.5, .5], [1, 1]], float))
    reach = np.linalg.norm(hands[:, 0, 12] - hands[:, 0, 0], axis=-1)
    assert reach[0] > reach[1] > reach[2]
    assert reach[0] == pytest.approx(np.hypot(.088 + .088, .009))


def test_people_have_human_proportions(ego_states):
    state = ego_states[0]
    h = state.height_factor
    nose, hips, ankles = state.joints[:, 0], state.joints[:, 11:13], state.joints[:, 15:17]
    assert 1.3 * h < nose[:, 2].min() and nose[:, 2].max() < 1.7 * h
    np.testing.assert_allclose(np.linalg.norm(hips[:, 0] - hips[:, 1], axis=-1), .2 * h, atol=1e-9)
    np.testing.assert_allclose(ankles[..., 2], .08 * h)
    assert (np.linalg.norm(state.head_direction, axis=-1) == pytest.approx(1))
