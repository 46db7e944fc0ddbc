"""Boxes of hands and of what they touch in every frame of an ego video, as detectors would give them."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from egoexo.mini.camera import CameraPath
from egoexo.mini.epic_portrait import turn_boxes, turned_columns
from egoexo.mini.layouts.epic_classes import NOUN_IDS
from egoexo.mini.outlines import SHIFT, Scene, project_scene
from egoexo.mini.state import TakeState

__all__ = ['LOWEST_SCORE', 'TOUCH_METRES', 'FrameBoxes', 'find_boxes', 'touched_objects']

TOUCH_METRES = 0.01
LOWEST_SCORE = 0.75
BLOCK = 256
_MIN_SIDE = 1.0  # pixels; what shows less at the edge of the picture counts as outside
_HALF_SURE = 0.004  # share of the picture at which a box scores halfway between the lowest score and 1


class FrameBoxes(NamedTuple):
    """Boxes of one kind in the frames of a video.

    Args:
        frames (np.ndarray): Frame of each box, from 0, ascending, (N,).
        rows (np.ndarray): x1, y1, x2, y2 in pixels, whose centres lie on integers; score; noun class of an object, or
            0 for the right and 1 for the left hand; float32, (N, 6).
    """

    frames: np.ndarray
    rows: np.ndarray

    def per_frame(self, num_frames: int) -> list[np.ndarray | None]:
        """Boxes of each frame.

        Args:
            num_frames (int): T.

        Returns:
            list[np.ndarray | None]: T arrays (n, 6), None where there is no box.
        """
        bounds = np.searchsorted(self.frames, np.arange(num_frames + 1)).tolist()
        return [self.rows[start:stop] if stop > start else None
                for start, stop in pairwise(bounds)]


def touched_objects(state: TakeState) -> np.ndarray:
    """Which objects a hand holds, or touches with a joint.

    Args:
        state (TakeState): The video.

    Returns:
        np.ndarray: bool, (T, K).
    """
    half = state.object_half_size + TOUCH_METRES
    low, high = state.hands.min(2)[:, :, None], state.hands.max(2)[:, :, None]
    place = state.object_position[:, None]
    near = ((low <= place + half) & (high >= place - half)).all(-1)
    frames, hands, objects = np.nonzero(near)
    away = np.abs(state.hands[frames, hands] - state.object_position[frames, objects][:, None])
    gap = np.maximum(away - state.object_half_size[objects][:, None], 0)
    is_close = ((gap ** 2).sum(-1) <= TOUCH_METRES ** 2).any(-1)
    touched = state.object_holder > 0
    touched[frames[is_close], objects[is_close]] = True
    return touched


def find_boxes(state: TakeState, camera: CameraPath, portrait: bool = False) -> tuple[FrameBoxes, FrameBoxes]:
    """Boxes of touched objects and of hands, read off the simulation; nothing is painted.

    The score grows with the size of a box and with the share of it that lies in the picture.

    Args:
        state (TakeState): Ego video.
        camera (CameraPath): Its camera.
        portrait (bool): Whether the pictures are stored turned, see :mod:`egoexo.mini.epic_portrait`.

    Returns:
        tuple[FrameBoxes, FrameBoxes]: Objects, hands. What is outside the picture has no box.
    """
    touched, objects, hands = touched_objects(state), [], []
    for start in range(0, state.num_frames, BLOCK):
        stop = min(start + BLOCK, state.num_frames)
        scene = project_scene(state, camera, start, stop)
        objects += _objects(scene, touched[start:stop], state.object_cut[start:stop], state.object_names, start)
        hands += _hands(scene, start)
    return tuple(_finish(parts, camera, portrait) for parts in (objects, hands))


def _objects(scene: Scene, touched: np.ndarray, is_cut: np.ndarray, names: tuple[str, ...],
             start: int) -> list[np.ndarray]:
    """Rows frame, corners, class of the touched objects of a block; not yet cut off at the edges."""
    parts = []
    for item, name in enumerate(names):
        seen = np.flatnonzero(touched[:, item] & scene.is_visible[:, item])
        if not len(seen):
            continue
        boxes = _around(scene.outlines[item][seen])
        if scene.pieces[item] is not None:
            pieces = scene.pieces[item][seen]
            boxes = np.where(is_cut[seen, item, None], _around(pieces.reshape(len(seen), -1, 2)), boxes)
        parts.append(_rows(start + seen, boxes, NOUN_IDS[name]))
    return parts


def _hands(scene: Scene, start: int) -> list[np.ndarray]:
    """The same of the two hands, the width of the fingers included."""
    parts = []
    for hand in (0, 1):
        seen = np.flatnonzero(scene.is_visible[:, scene.is_visible.shape[1] - 2 + hand])
        margin = np.maximum(1, np.rint(scene.finger_width[seen, hand, None])) / 2
        boxes = _around(scene.hands[seen, hand]) + np.concatenate([-margin, -margin, margin, margin], 1)
        parts.append(_rows(start + seen, boxes, hand))
    return parts


def _around(points: np.ndarray) -> np.ndarray:
    """Boxes in pixels round points (n, P, 2) in parts of a pixel, (n, 4)."""
    return np.concatenate([points.min(1), points.max(1)], 1) / (1 << SHIFT)


def _rows(frames: np.ndarray, boxes: np.ndarray, label: int) -> np.ndarray:
    return np.column_stack([frames, boxes, np.full(len(frames), label)])


def _finish(parts: list[np.ndarray], camera: CameraPath, portrait: bool) -> FrameBoxes:
    """Turn the boxes with the picture, cut them off at its edges, and score them."""
    rows = np.concatenate([np.empty((0, 6)), *parts])
    rows = rows[np.argsort(rows[:, 0], kind='stable')]
    boxes, width, height = rows[:, 1:5], camera.width, camera.height
    if portrait:
        boxes = turn_boxes(boxes, width, height)
        width, height = int(np.diff(turned_columns(width, height))[0]), width
    shown = boxes.clip(0, (width - 1, height - 1) * 2)
    kept = (shown[:, 2:] - shown[:, :2] >= _MIN_SIDE).all(1)
    rows, boxes, shown = rows[kept], boxes[kept], shown[kept]
    area = (shown[:, 2:] - shown[:, :2]).prod(1)
    share = area / (boxes[:, 2:] - boxes[:, :2]).prod(1)
    certainty = share * area / (area + _HALF_SURE * width * height)
    score = LOWEST_SCORE + (1 - LOWEST_SCORE) * certainty
    return FrameBoxes(rows[:, 0].astype(np.int64), np.column_stack([shown, score, rows[:, 5]]).astype(np.float32))
