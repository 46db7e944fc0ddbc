"""Where everything lands in the picture: outlines of objects, hands, arms and furniture for a block of frames.

All frames of a block are projected at once; points come out as integers in 1/8 pixel for sub-pixel drawing.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from egoexo.mini.camera import CameraPath
from egoexo.mini.paths import unit
from egoexo.mini.state import TakeState
from egoexo.mini.vocabulary import OBJECTS

__all__ = ['SHIFT', 'Scene', 'project_scene']

SHIFT = 3
NEAR = 0.06
_LIMIT = 3000.0
_ANGLES = np.arange(16) * (2 * np.pi / 16)
_RING = np.stack([np.cos(_ANGLES[:12] * 16 / 12), np.sin(_ANGLES[:12] * 16 / 12)], 1)
_CORNERS = np.array([(x, y, z) for z in (-1, 1) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))], float)
# Flat containers are drawn before what lies in them, hands after what they hold.
_DEPTH_BIAS = {'chopping_board': .5, 'pan': .35, 'basin': .35, 'plate': .2, 'bowl': .12, 'pot': .1}
_HAND_BIAS = -0.05
_DEEP = frozenset({'basin', 'bowl', 'pot'})
_PIECE_SIZE, _PIECE_SPREAD = 0.38, 0.6


@dataclass(frozen=True)
class Scene:
    """Projected geometry of n frames; K objects, D boxes; points are int32 in 1/8 pixel.

    Args:
        quads (dict[str, np.ndarray]): Furniture, name -> (n, 4 or 8, 2).
        outlines (list[np.ndarray]): Per object and box (n, P, 2): a convex outline for ellipsoids, else corner points
            whose hull is the outline.
        tops (list[np.ndarray | None]): Upper faces, (n, Q, 2), of cylinders and thick boxes.
        wells (list[np.ndarray | None]): Insides of deep containers, (n, Q, 2).
        pieces (list[np.ndarray | None]): Outlines of the four pieces of an object that is cut in the block,
            (n, 4, P, 2).
        is_visible (np.ndarray): In front of the camera and inside the picture, (n, K + D + 2); hands last.
        order (np.ndarray): Items from back to front, (n, K + D + 2).
        hands (np.ndarray): (n, 2, 21, 2).
        finger_width (np.ndarray): Pixels, (n, 2).
        forearms (np.ndarray): Elbow, end of the sleeve, wrist; (n, 2, 3, 2).
        forearm_width (np.ndarray): Pixels, (n, 2).
        joints (np.ndarray): COCO joints, (n, 17, 2).
        body_scale (np.ndarray): Pixels per metre at the neck, (n,).
    """

    quads: dict[str, np.ndarray]
    outlines: list[np.ndarray]
    tops: list[np.ndarray | None]
    wells: list[np.ndarray | None]
    pieces: list[np.ndarray | None]
    is_visible: np.ndarray
    order: np.ndarray
    hands: np.ndarray
    finger_width: np.ndarray
    forearms: np.ndarray
    forearm_width: np.ndarray
    joints: np.ndarray
    body_scale: np.ndarray


def _quad(x0: float, x1: float, y0: float, y1: float, z0: float, z1: float) -> np.ndarray:
    """Axis-parallel rectangle: the axis with equal bounds is its normal."""
    if z0 == z1:
        return np.array([(x0, y0, z0), (x1, y0, z0), (x1, y1, z0), (x0, y1, z0)])
    return np.array([(x0, y0, z0), (x1, y0, z0), (x1, y0, z1), (x0, y0, z1)])


_TOP_QUADS = {
    'counter': _quad(-1.4, 1.4, .30, 1.10, .92, .92),
    'shelf_plate': _quad(-1.22, -.78, .50, 1.00, .921, .921),
    'sink_plate': _quad(-.72, -.28, .38, .82, .921, .921),
    'stove_plate': _quad(.27, .98, .36, .84, .921, .921),
}
_EGO_QUADS = {
    'wall': _quad(-5, 5, 1.15, 1.15, -.2, 4), 'tiles': _quad(-1.9, 1.9, 1.149, 1.149, .92, 1.32),
    'floor': _quad(-5, 5, -2.2, 1.15, 0, 0), 'cabinet': _quad(-1.4, 1.4, .30, .30, 0, .92), **_TOP_QUADS,
    'edge': _quad(-1.4, 1.4, .30, .30, .88, .92),
}
_EXO_QUADS = {
    'wall': _quad(-6, 6, -2.2, -2.2, -.2, 4), 'tiles': _quad(-1.9, 1.9, -2.19, -2.19, .9, 1.9),
    'floor': _quad(-6, 6, -2.2, 4, 0, 0), 'cabinet': _quad(-1.4, 1.4, 1.10, 1.10, 0, .92), **_TOP_QUADS,
    'edge': _quad(-1.4, 1.4, 1.10, 1.10, .88, .92),
}


def project_scene(state: TakeState, camera: CameraPath, start: int, stop: int) -> Scene:
    """Project frames ``start`` to ``stop`` (exclusive).

    Args:
        state (TakeState): World.
        camera (CameraPath): Camera of the whole video.
        start (int): First frame.
        stop (int): One past the last frame.

    Returns:
        Scene: Geometry of the block.
    """
    camera = camera.crop(start, stop)
    position = np.concatenate([state.object_position[start:stop], np.broadcast_to(
        state.distractor_position, (stop - start, *state.distractor_position.shape))], axis=1)
    half_size = np.concatenate([state.object_half_size, state.distractor_half_size])
    shapes = [OBJECTS[name].shape for name in state.object_names] + ['box'] * len(state.distractor_position)
    corners = _outline_points(shapes, position, half_size, camera)
    pixels, depths = camera.project(np.concatenate(corners, axis=1))
    fixed = _fixed(pixels)
    bounds = np.cumsum([0, *(points.shape[1] for points in corners)])
    spans = [slice(first, last) for first, last in pairwise(bounds)]
    outlines = [fixed[:, span] for span in spans]
    tops = [_top(shape, outline, size) for shape, outline, size in zip(shapes, outlines, half_size, strict=True)]
    wells = [None if name not in _DEEP else _shrink(top, .84)
             for name, top in zip((*state.object_names, *[''] * len(state.distractor_position)), tops, strict=True)]
    pieces = _pieces(state, camera, pixels, spans, start, stop)

    hand_camera = camera.to_camera(state.hands[start:stop])
    hand_depth = hand_camera[..., 2]
    hands = _fixed(camera.to_pixels(hand_camera))
    inside = np.stack([_inside(pixels[:, span], depths[:, span], camera) for span in spans]
                      + [_inside(camera.to_pixels(hand_camera[:, hand]), hand_depth[:, hand], camera)
                         for hand in (0, 1)], axis=1)
    forearms, forearm_width = _forearms(state, camera, start, stop)
    joints, joint_depth = camera.project(state.joints[start:stop])
    return Scene(
        quads=_project_quads(_EGO_QUADS if camera.view == 'ego' else _EXO_QUADS, camera), outlines=outlines, tops=tops,
        wells=wells, pieces=pieces, is_visible=inside, order=_back_to_front(state, camera, position, hand_depth),
        hands=hands,
        finger_width=.019 * camera.focal / np.maximum(hand_depth[..., 0], NEAR), forearms=forearms,
        forearm_width=forearm_width, joints=_fixed(joints),
        body_scale=camera.focal / np.maximum(joint_depth[:, 5:7].mean(1), .3))


def _fixed(pixels: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(pixels, -_LIMIT, _LIMIT) * (1 << SHIFT)).astype(np.int32)


def _inside(pixels: np.ndarray, depths: np.ndarray, camera: CameraPath) -> np.ndarray:
    """Frames in which a set of points (n, P, 2) is in front of the camera and not all off one side, (n,)."""
    low, high = pixels.min(1), pixels.max(1)
    size = np.array([camera.width, camera.height])
    return (depths.min(1) > NEAR) & (high > -1).all(-1) & (low < size).all(-1)


def _outline_points(shapes: list[str], position: np.ndarray, half_size: np.ndarray,
                    camera: CameraPath) -> list[np.ndarray]:
    """World points of every object, (n, P, 3): contours of ellipsoids, corners of boxes, rings of cylinders."""
    points: list[np.ndarray] = [None] * len(shapes)
    round_ones = [index for index, shape in enumerate(shapes) if shape == 'ellipsoid']
    if round_ones:
        contours = _contours(position[:, round_ones], half_size[round_ones], camera.center)
        for column, index in enumerate(round_ones):
            points[index] = contours[:, column]
    ring = np.concatenate([np.concatenate([_RING, np.full((len(_RING), 1), z)], 1) for z in (-1.0, 1.0)])
    for index, shape in enumerate(shapes):
        if shape != 'ellipsoid':
            points[index] = position[:, index, None] + (_CORNERS if shape == 'box' else ring) * half_size[index]
    return points


def _contours(position: np.ndarray, half_size: np.ndarray, eye: np.ndarray) -> np.ndarray:
    """Contour of ellipsoids seen from the eye: on the unit sphere the circle u . c = 1; (n, K, 16, 3)."""
    c = (eye[:, None] - position) / half_size
    length = np.maximum(np.linalg.norm(c, axis=-1, keepdims=True), 1.001)
    axis = c / length
    first = unit(np.cross(axis, np.where(np.abs(axis[..., :1]) > .9, (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))))
    second = np.cross(axis, first)
    radius = np.sqrt(1 - 1 / length ** 2)
    circle = (np.cos(_ANGLES)[:, None] * first[..., None, :] + np.sin(_ANGLES)[:, None] * second[..., None, :])
    return position[:, :, None] + half_size[:, None] * ((axis / length)[..., None, :] + radius[..., None, :] * circle)


def _top(shape: str, outline: np.ndarray, half_size: np.ndarray) -> np.ndarray | None:
    """Upper face of cylinders and of boxes thick enough to show their sides."""
    if shape == 'cylinder':
        return outline[:, len(_RING):]
    return outline[:, 4:] if shape == 'box' and half_size[2] > .02 else None


def _shrink(points: np.ndarray, share: float) -> np.ndarray:
    middle = points.mean(1, keepdims=True)
    return np.rint(middle + share * (points - middle)).astype(np.int32)


def _pieces(state: TakeState, camera: CameraPath, pixels: np.ndarray, spans: list[slice], start: int,
            stop: int) -> list[np.ndarray | None]:
    """Four shrunken outlines for each object that is cut somewhere in the block."""
    offsets = _PIECE_SPREAD * np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)])
    pieces: list[np.ndarray | None] = [None] * len(spans)
    for index in np.flatnonzero(state.object_cut[start:stop].any(0)):
        center = state.object_position[start:stop, index, None]
        middle, _ = camera.project(center)
        centers, _ = camera.project(center + offsets * state.object_half_size[index])
        pieces[index] = _fixed(centers[:, :, None] + _PIECE_SIZE * (pixels[:, spans[index]] - middle)[:, None])
    return pieces


def _back_to_front(state: TakeState, camera: CameraPath, position: np.ndarray, hand_depth: np.ndarray) -> np.ndarray:
    bias = np.array([_DEPTH_BIAS.get(name, 0.0) for name in state.object_names]
                    + [0.0] * len(state.distractor_position))
    depth = np.concatenate([camera.to_camera(position)[..., 2] + bias, hand_depth.mean(-1) + _HAND_BIAS], axis=1)
    return np.argsort(-depth, axis=1, kind='stable')


def _forearms(state: TakeState, camera: CameraPath, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Elbow, end of the sleeve and wrist in 1/8 pixel (n, 2, 3, 2), and widths (n, 2); cut at the near plane."""
    elbows, wrists = state.joints[start:stop, [8, 7]], state.wrists[start:stop]
    bones = camera.to_camera(np.stack([elbows, .45 * elbows + .55 * wrists, wrists], 2))
    wrist = bones[:, :, 2:]
    behind = bones[..., 2:] < NEAR
    share = (wrist[..., 2:] - NEAR) / np.maximum(wrist[..., 2:] - bones[..., 2:], 1e-6)
    bones = np.where(behind, wrist + np.clip(share, 0, 1) * (bones - wrist), bones)
    width = .065 * camera.focal / np.maximum(bones[..., 2].mean(-1), .2)
    return _fixed(camera.to_pixels(bones)), width


def _project_quads(quads: dict[str, np.ndarray], camera: CameraPath) -> dict[str, np.ndarray]:
    corners = camera.to_camera(np.concatenate(list(quads.values())))
    corners = corners.reshape(len(corners), -1, 4, 3)
    return {name: _fixed(camera.to_pixels(_clip_near(corners[:, index]))) for index, name in enumerate(quads)}


def _clip_near(corners: np.ndarray) -> np.ndarray:
    """Clip quads (n, 4, 3) against the near plane; returns them as they are, or (n, 8, 3) with repeated corners."""
    front = corners[..., 2] > NEAR
    if front.all():
        return corners
    out = np.empty((len(corners), 8, 3))
    valid = np.empty((len(corners), 8), bool)
    for k in range(4):
        for side, neighbour in ((0, (k - 1) % 4), (1, (k + 1) % 4)):
            a, b = corners[:, k], corners[:, neighbour]
            share = (NEAR - a[:, 2]) / np.where(np.abs(b[:, 2] - a[:, 2]) < 1e-9, 1e-9, b[:, 2] - a[:, 2])
            out[:, 2 * k + side] = np.where(front[:, k, None], a, a + share[:, None] * (b - a))
            valid[:, 2 * k + side] = front[:, k] | front[:, neighbour]
    # A corner whose neighbours are behind too gives no point: repeat the previous one in the cycle.
    for slot in (*range(8), *range(8)):
        previous = (slot - 1) % 8
        out[:, slot] = np.where(valid[:, slot, None], out[:, slot], out[:, previous])
        valid[:, slot] |= valid[:, previous]
    out[~valid.all(1)] = (0, 0, -1)
    out[..., 2] = np.maximum(out[..., 2], NEAR)
    return out
