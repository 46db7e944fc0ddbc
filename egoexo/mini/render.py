"""The painter: pictures and instance ids of a take, back to front, with sub-pixel positions."""

from collections.abc import Iterator

import cv2
import numpy as np

from egoexo.mini.camera import CameraPath
from egoexo.mini.outlines import SHIFT, Scene, project_scene
from egoexo.mini.state import TakeState
from egoexo.mini.vocabulary import OBJECTS

__all__ = ['BODY_ID', 'DISTRACTOR_ID', 'HAND_IDS', 'iter_frames', 'render_frames', 'render_ids']

BODY_ID, HAND_IDS, DISTRACTOR_ID = 200, (201, 202), 210
_FINGERS = tuple(np.array(joints) for joints in
                 ((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (17, 18, 19, 20)))
_PALM = np.array([0, 1, 5, 9, 13, 17])
_PLATES = {'shelf_plate': (110, 150, 180), 'sink_plate': (185, 180, 175), 'stove_plate': (58, 56, 55)}
SIDE_SHADE, WELL_SHADE = 0.82, 0.90


def render_frames(state: TakeState, camera: CameraPath, start: int = 0, stop: int | None = None) -> np.ndarray:
    """Paint colour pictures.

    Args:
        state (TakeState): World.
        camera (CameraPath): Camera of the whole video.
        start (int): First frame.
        stop (int | None): One past the last frame; None = to the end.

    Returns:
        np.ndarray: uint8 BGR, (n, H, W, 3).
    """
    stop = state.num_frames if stop is None else stop
    painter = _Painter(project_scene(state, camera, start, stop), _color_palette(state, camera), cv2.LINE_AA, camera)
    pictures = np.empty((stop - start, camera.height, camera.width, 3), np.uint8)
    for index in range(stop - start):
        painter.paint(pictures[index], index, state.object_cut[start + index])
    return pictures


def render_ids(state: TakeState, camera: CameraPath, start: int = 0, stop: int | None = None) -> np.ndarray:
    """Paint instance ids with the same painter, without anti-aliasing.

    Args:
        state (TakeState): World.
        camera (CameraPath): Camera of the whole video.
        start (int): First frame.
        stop (int | None): One past the last frame; None = to the end.

    Returns:
        np.ndarray: uint8 (n, H, W): 0 background, 1..26 objects (``ObjectSpec.instance_id``), 200 body, 201 right and
        202 left hand, 210.. boxes.
    """
    stop = state.num_frames if stop is None else stop
    painter = _Painter(project_scene(state, camera, start, stop), _id_palette(state), cv2.LINE_8, camera)
    pictures = np.empty((stop - start, camera.height, camera.width), np.uint8)
    for index in range(stop - start):
        painter.paint(pictures[index], index, state.object_cut[start + index])
    return pictures


def iter_frames(state: TakeState, camera: CameraPath, block: int = 128) -> Iterator[np.ndarray]:
    """Colour pictures of a whole video in blocks, so that memory stays small.

    Args:
        state (TakeState): World.
        camera (CameraPath): Camera of the whole video.
        block (int): Frames per block.

    Yields:
        np.ndarray: uint8 BGR, (n <= block, H, W, 3).
    """
    for start in range(0, state.num_frames, block):
        yield render_frames(state, camera, start, min(start + block, state.num_frames))


def _color_palette(state: TakeState, camera: CameraPath) -> dict:
    """Colour of every surface after gain and cast, as plain floats."""
    factor = camera.gain * np.array(camera.cast)

    def shade(color: np.ndarray | tuple, by: float = 1.0) -> tuple[float, ...]:
        return tuple(np.clip(np.asarray(color) * factor * by, 0, 255).tolist())

    style = state.style
    items = np.concatenate([style.object_colors, style.distractor_colors])
    return dict(
        wall=shade(style.wall), tiles=shade(style.wall, .9), floor=shade(style.floor), cabinet=shade(style.cabinet),
        counter=shade(style.counter), edge=shade(style.counter, .7), cloth=shade(style.cloth),
        sleeve=shade(style.cloth, .9), trousers=shade(style.cloth, .5), skin=shade(style.skin),
        forearm=shade(style.skin, .93), hair=shade(style.skin, .3), hands=(shade(style.skin), shade(style.skin)),
        items=[shade(color) for color in items], sides=[shade(color, SIDE_SHADE) for color in items],
        wells=[shade(color, WELL_SHADE) for color in items],
        **{name: shade(color) for name, color in _PLATES.items()})


def _id_palette(state: TakeState) -> dict:
    ids = [OBJECTS[name].instance_id for name in state.object_names]
    ids += [DISTRACTOR_ID + index for index in range(len(state.distractor_position))]
    items = [(float(value),) for value in ids]
    background = dict.fromkeys(('wall', 'tiles', 'floor', 'cabinet', 'counter', 'edge', *_PLATES), (0.0,))
    body = dict.fromkeys(('cloth', 'sleeve', 'trousers', 'skin', 'forearm', 'hair'), (float(BODY_ID),))
    hands = tuple((float(value),) for value in HAND_IDS)
    return dict(items=items, sides=items, wells=items, hands=hands, **background, **body)


class _Painter:
    """Draws one frame after the other of a projected block."""

    def __init__(self, scene: Scene, palette: dict, line: int, camera: CameraPath) -> None:
        self.scene, self.palette, self.line, self.view = scene, palette, line, camera.view
        self.num_items = len(scene.outlines)
        self.hulled = [points.shape[1] != 16 for points in scene.outlines]

    def paint(self, picture: np.ndarray, index: int, is_cut: np.ndarray) -> None:
        """Paint frame ``index`` of the block."""
        picture[:] = self.palette['wall']
        if self.view == 'ego':
            self._quads(picture, index, tuple(self.scene.quads))
        else:
            self._quads(picture, index, ('tiles', 'floor'))
            self._body(picture, index)
            self._quads(picture, index, ('cabinet', 'counter', *_PLATES, 'edge'))
            self._arms(picture, index)
        visible = self.scene.is_visible[index]
        for item in self.scene.order[index].tolist():
            if item >= self.num_items:
                self._hand(picture, index, item - self.num_items, visible[item])
            elif visible[item]:
                self._object(picture, index, item, item < len(is_cut) and is_cut[item])

    def _fill(self, picture: np.ndarray, points: np.ndarray, color: tuple) -> None:
        cv2.fillConvexPoly(picture, points, color, self.line, SHIFT)

    def _quads(self, picture: np.ndarray, index: int, names: tuple[str, ...]) -> None:
        for name in names:
            self._fill(picture, self.scene.quads[name][index], self.palette[name])

    def _object(self, picture: np.ndarray, index: int, item: int, is_cut: bool) -> None:
        color = self.palette['items'][item]
        if is_cut and self.scene.pieces[item] is not None:
            for outline in self.scene.pieces[item][index]:
                self._fill(picture, cv2.convexHull(outline) if self.hulled[item] else outline, color)
            return
        outline, top = self.scene.outlines[item][index], self.scene.tops[item]
        if not self.hulled[item]:
            self._fill(picture, outline, color)
        elif top is None:
            self._fill(picture, cv2.convexHull(outline), color)
        else:
            self._fill(picture, cv2.convexHull(outline), self.palette['sides'][item])
            self._fill(picture, top[index], color)
            if self.scene.wells[item] is not None:
                self._fill(picture, self.scene.wells[item][index], self.palette['wells'][item])

    def _hand(self, picture: np.ndarray, index: int, hand: int, is_visible: bool) -> None:
        scene, color = self.scene, self.palette['hands'][hand]
        if self.view == 'ego':
            self._forearm(picture, index, hand)
        if not is_visible:
            return
        joints = scene.hands[index, hand]
        width = max(1, round(float(scene.finger_width[index, hand])))
        self._fill(picture, cv2.convexHull(joints[_PALM]), color)
        cv2.polylines(picture, [joints[finger] for finger in _FINGERS], False, color, width, self.line, SHIFT)

    def _forearm(self, picture: np.ndarray, index: int, hand: int) -> None:
        elbow, cuff, wrist = self.scene.forearms[index, hand].tolist()
        width = max(1, round(float(self.scene.forearm_width[index, hand])))
        cv2.line(picture, cuff, wrist, self.palette['forearm'], max(1, round(.8 * width)), self.line, SHIFT)
        cv2.line(picture, elbow, cuff, self.palette['sleeve'], width, self.line, SHIFT)

    def _body(self, picture: np.ndarray, index: int) -> None:
        """Legs, trunk, neck and head; in exo pictures, before the counter."""
        joints, scale = self.scene.joints[index], float(self.scene.body_scale[index])
        leg = max(1, round(.13 * scale))
        for side in (0, 1):
            cv2.polylines(picture, [joints[[11 + side, 13 + side, 15 + side]]], False, self.palette['trousers'], leg,
                          self.line, SHIFT)
        self._fill(picture, cv2.convexHull(joints[[5, 6, 12, 11]]), self.palette['cloth'])
        left, right = joints[5], joints[6]
        cv2.line(picture, left.tolist(), right.tolist(), self.palette['cloth'], max(1, round(.10 * scale)), self.line,
                 SHIFT)
        head = (joints[3] + joints[4]) // 2
        middle = (left + right) // 2
        neck = max(1, round(.09 * scale))
        cv2.line(picture, middle.tolist(), head.tolist(), self.palette['forearm'], neck, self.line, SHIFT)
        radius = max(1, round(.115 * scale * (1 << SHIFT)))
        crown = head - [0, round(.035 * scale * (1 << SHIFT))]
        cv2.circle(picture, crown.tolist(), radius, self.palette['hair'], -1, self.line, SHIFT)
        face = (head + joints[0]) // 2
        cv2.circle(picture, face.tolist(), round(.9 * radius), self.palette['skin'], -1, self.line, SHIFT)

    def _arms(self, picture: np.ndarray, index: int) -> None:
        """Upper arms and forearms; in exo pictures, after the counter."""
        joints = self.scene.joints[index]
        width, sleeve = max(1, round(.085 * float(self.scene.body_scale[index]))), self.palette['sleeve']
        for hand, (shoulder, elbow) in enumerate(((6, 8), (5, 7))):
            cv2.line(picture, joints[shoulder].tolist(), joints[elbow].tolist(), sleeve, width, self.line, SHIFT)
            self._forearm(picture, index, hand)
