"""From two wrist goals to a body: clamped wrists, 17 COCO joints, 21 joints per hand.

The wrists are pulled back to arm's length here, before anything is drawn or written, so that pixels, masks and joints
agree.
"""

from dataclasses import dataclass

import numpy as np

from egoexo.mini.paths import low_pass, smooth_noise, unit

__all__ = ['Torso', 'bend_elbows', 'build_hands', 'build_joints', 'build_torso', 'clamp_wrists']

# Body proportions at height factor 1, metres.
PELVIS_Y, PELVIS_Z, SPINE, NECK_TO_HEAD = -0.02, 0.95, 0.47, 0.18
SHOULDER, HIP, UPPER_ARM, FOREARM, REACH = 0.18, 0.10, 0.305, 0.305, 0.60
_SIDE = np.array([1.0, -1.0])  # right hand first
_FINGER_BASE, _FINGER_SIDES = 0.088, (0.028, 0.009, -0.009, -0.028)
_PHALANGES, _THUMB = (0.042, 0.026, 0.020), (0.040, 0.035, 0.030, 0.025)


@dataclass(frozen=True)
class Torso:
    """Trunk and head before the face has a direction.

    Args:
        pelvis (np.ndarray): (T, 3).
        neck (np.ndarray): (T, 3).
        shoulders (np.ndarray): Right, left; (T, 2, 3).
        head (np.ndarray): Centre of the head, (T, 3).
    """

    pelvis: np.ndarray
    neck: np.ndarray
    shoulders: np.ndarray
    head: np.ndarray


def build_torso(goals: np.ndarray, body_x: np.ndarray, height: float, times: np.ndarray, fps: float,
                draw: np.random.Generator) -> Torso:
    """Trunk that sways, leans with the hands and bends when a goal is out of reach.

    Args:
        goals (np.ndarray): Wrist goals, (T, 2, 3).
        body_x (np.ndarray): (T,).
        height (float): Height factor.
        times (np.ndarray): Frame times in seconds, (T,).
        fps (float): Frames per second.
        draw (np.random.Generator): Random stream.

    Returns:
        Torso: Positions.
    """
    sway = smooth_noise(draw, times, 0.5, 3) * (.012, .010, .004)
    pelvis = np.stack([body_x, np.full_like(body_x, PELVIS_Y), np.full_like(body_x, PELVIS_Z * height)], 1) + sway
    advance = np.maximum(goals[:, :, 1].mean(1) - 0.35, 0)
    lean = 0.35 * advance
    shoulders = _shoulders(_neck(pelvis, lean, height), height)
    excess = np.sqrt(((goals - shoulders) ** 2).sum(-1)).max(1) - 0.55 * height
    lean = low_pass(np.clip(lean + 1.3 * np.maximum(excess, 0), 0, 0.36 * height), 0.12, fps)
    neck = _neck(pelvis, lean, height)
    head = neck + np.stack([np.zeros_like(lean), 0.07 + 0.1 * lean, np.full_like(lean, NECK_TO_HEAD * height)], 1)
    return Torso(pelvis, neck, _shoulders(neck, height), head)


def _neck(pelvis: np.ndarray, lean: np.ndarray, height: float) -> np.ndarray:
    spine = SPINE * height
    return pelvis + np.stack([np.zeros_like(lean), lean, np.sqrt(spine ** 2 - lean ** 2)], 1)


def _shoulders(neck: np.ndarray, height: float) -> np.ndarray:
    offset = np.zeros((2, 3))
    offset[:, 0] = _SIDE * SHOULDER * height
    offset[:, 2] = -0.05 * height
    return neck[:, None] + offset


def clamp_wrists(goals: np.ndarray, shoulders: np.ndarray, height: float) -> np.ndarray:
    """Pull each goal back to at most arm's length from its shoulder.

    Args:
        goals (np.ndarray): (T, 2, 3).
        shoulders (np.ndarray): (T, 2, 3).
        height (float): Height factor.

    Returns:
        np.ndarray: Wrists, (T, 2, 3).
    """
    arm = goals - shoulders
    length = np.sqrt((arm ** 2).sum(-1, keepdims=True))
    limit = REACH * height
    # Nor so near that the two bones could not fold.
    return shoulders + arm * (np.clip(length, 0.12 * height, limit) / np.maximum(length, 1e-9))


def bend_elbows(shoulders: np.ndarray, wrists: np.ndarray, height: float) -> np.ndarray:
    """Two-link inverse kinematics; elbows point outwards, backwards and down.

    Args:
        shoulders (np.ndarray): (T, 2, 3).
        wrists (np.ndarray): (T, 2, 3), inside the reach.
        height (float): Height factor.

    Returns:
        np.ndarray: Elbows, (T, 2, 3); both bones keep their length.
    """
    reach = wrists - shoulders
    length = np.sqrt((reach ** 2).sum(-1, keepdims=True))
    along = reach / length
    pole = np.stack([0.5 * _SIDE, [-0.2, -0.2], [-1.0, -1.0]], -1)
    across = unit(pole - (pole * along).sum(-1, keepdims=True) * along)
    upper = UPPER_ARM * height
    rise = np.sqrt(np.maximum(upper ** 2 - (length / 2) ** 2, 0))
    return shoulders + along * length / 2 + across * rise


def build_hands(wrists: np.ndarray, elbows: np.ndarray, curl: np.ndarray) -> np.ndarray:
    """21 joints per hand: wrist, thumb, index, middle, ring, little finger.

    Args:
        wrists (np.ndarray): (T, 2, 3).
        elbows (np.ndarray): (T, 2, 3).
        curl (np.ndarray): Bend of every finger joint in radians, (T, 2).

    Returns:
        np.ndarray: (T, 2, 21, 3).
    """
    forward = unit(0.7 * unit(wrists - elbows) + (0, .35, -.35))
    side = unit(np.cross(forward, (0.0, 0.0, 1.0)))
    normal = np.cross(side, forward)
    toward_thumb = -side * _SIDE[:, None]
    hands = np.empty((*wrists.shape[:2], 21, 3))
    hands[:, :, 0] = wrists
    # All fingers bend alike: one chain, four bases.
    chain = _bend_chain(_PHALANGES, forward, -normal, curl)
    for finger, lateral in enumerate(_FINGER_SIDES):
        joint = 5 + 4 * finger
        base = wrists + _FINGER_BASE * forward + lateral * toward_thumb
        hands[:, :, joint] = base
        hands[:, :, joint + 1:joint + 4] = base[:, :, None] + chain
    # The thumb leaves the wrist sideways and comes back towards the index as the hand closes.
    start = unit(0.75 * forward + 0.75 * toward_thumb - 0.25 * normal)
    base = wrists + _THUMB[0] * start
    hands[:, :, 1] = base
    inwards = forward - 0.6 * normal - 0.4 * toward_thumb
    hands[:, :, 2:5] = base[:, :, None] + _bend_chain(_THUMB[1:], start, inwards, 0.35 * curl)
    return hands


def _bend_chain(lengths: tuple[float, ...], along: np.ndarray, bend: np.ndarray, curl: np.ndarray) -> np.ndarray:
    """Joints of a chain of bones relative to its base; bone k turns (k + 1) * curl from ``along`` towards ``bend``."""
    bend = unit(bend - (bend * along).sum(-1, keepdims=True) * along)
    angle = curl[..., None] * np.arange(1, len(lengths) + 1)
    forth, down = np.cumsum(np.cos(angle) * lengths, -1), np.cumsum(np.sin(angle) * lengths, -1)
    return forth[..., None] * along[..., None, :] + down[..., None] * bend[..., None, :]


def build_joints(torso: Torso, elbows: np.ndarray, wrists: np.ndarray, head_direction: np.ndarray, body_x: np.ndarray,
                 height: float, fps: float) -> np.ndarray:
    """17 COCO joints.

    Args:
        torso (Torso): Trunk.
        elbows (np.ndarray): Right, left; (T, 2, 3).
        wrists (np.ndarray): (T, 2, 3).
        head_direction (np.ndarray): Unit vectors, (T, 3).
        body_x (np.ndarray): (T,), gives the walking speed.
        height (float): Height factor.
        fps (float): Frames per second.

    Returns:
        np.ndarray: (T, 17, 3).
    """
    joints = np.empty((len(body_x), 17, 3))
    joints[:, :5] = _face(torso.head, head_direction)
    for first, pair in ((5, torso.shoulders), (7, elbows), (9, wrists)):
        joints[:, first], joints[:, first + 1] = pair[:, 1], pair[:, 0]  # COCO: left first
    speed = np.abs(np.gradient(body_x, 1 / fps))
    stride = np.sin(np.cumsum(speed) / fps * 2 * np.pi / 0.7) * np.minimum(speed / 1.2, 1)
    for column, side in ((0, -1.0), (1, 1.0)):
        swing = side * stride
        hip = torso.pelvis + np.array([side * HIP * height, 0, 0])
        joints[:, [11 + column, 13 + column, 15 + column]] = hip[:, None]
        joints[:, 13 + column, 0] += 0.10 * swing
        joints[:, 13 + column, 1] += 0.03
        joints[:, 13 + column, 2] = 0.50 * height
        joints[:, 15 + column, 0] += 0.22 * swing
        joints[:, 15 + column, 2] = 0.08 * height
    return joints


def _face(head: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Nose, eyes and ears on a frame given by the head direction, (T, 5, 3)."""
    right = unit(np.cross(direction, (0.0, 0.0, 1.0)))
    up = np.cross(right, direction)
    # Forward, right, up in metres; left before right.
    offsets = ((.095, 0, -.02), (.08, -.032, .015), (.08, .032, .015), (.005, -.075, 0), (.005, .075, 0))
    return np.stack([head + f * direction + r * right + u * up for f, r, u in offsets], 1)
