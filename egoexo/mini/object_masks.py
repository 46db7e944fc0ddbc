"""What each camera of a take sees of each object once per second, from the id images of the painter."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from egoexo.mini.camera import CameraPath
from egoexo.mini.render import render_ids
from egoexo.mini.state import TakeState
from egoexo.mini.vocabulary import OBJECTS

__all__ = ['FRAME_STEP', 'MIN_AREA', 'ObjectMask', 'sampled_frames', 'see_objects']

FRAME_STEP = 30  # one annotated frame per second
MIN_AREA = 8  # pixels; what shows less is not annotated


class ObjectMask(NamedTuple):
    """The visible part of an object in one picture.

    Args:
        counts (str): COCO compressed run lengths.
        area (int): Pixels.
        box (tuple[int, int, int, int]): x, y, width, height.
        point (tuple[int, int]): x, y of a pixel inside, halfway through the mask column by column.
    """

    counts: str
    area: int
    box: tuple[int, int, int, int]
    point: tuple[int, int]


def sampled_frames(num_frames: int) -> list[int]:
    """Frames that are annotated in every camera.

    Args:
        num_frames (int): Length of the videos.

    Returns:
        list[int]: 0, 30, 60, ..
    """
    return list(range(0, num_frames, FRAME_STEP))


def see_objects(state: TakeState, cameras: Mapping[str, CameraPath]) -> dict[str, dict[str, dict[int, ObjectMask]]]:
    """Masks of all objects; hands, body, boxes and other objects hide what is behind them.

    The four pieces of something cut belong to one mask.

    Args:
        state (TakeState): The take.
        cameras (Mapping[str, CameraPath]): Camera names to cameras.

    Returns:
        dict[str, dict[str, dict[int, ObjectMask]]]: Object (in the order of the take) -> camera -> frame -> mask. An
        object is in a frame where it shows at least :data:`MIN_AREA` pixels; cameras and objects without a frame are
        left out.
    """
    frames, seconds = sampled_frames(state.num_frames), state.every(FRAME_STEP)
    names = {OBJECTS[name].instance_id: name for name in state.object_names}
    seen: dict[str, dict[str, dict[int, ObjectMask]]] = {name: {} for name in state.object_names}
    for camera_name, camera in cameras.items():
        pictures = render_ids(seconds, camera.crop(0, state.num_frames, FRAME_STEP))
        for frame, ids in zip(frames, pictures, strict=True):
            for value, mask in _masks(ids, names).items():
                seen[names[value]].setdefault(camera_name, {})[frame] = mask
    return {name: views for name, views in seen.items() if views}


def _masks(ids: np.ndarray, values: Mapping[int, str]) -> dict[int, ObjectMask]:
    """Masks of one id image (H, W)."""
    from pycocotools.mask import encode, toBbox

    areas = np.bincount(ids.ravel(), minlength=256)
    found = [value for value in values if areas[value] >= MIN_AREA]
    # One plane per object, column by column as COCO counts.
    planes = np.ascontiguousarray(ids.T) == np.array(found, np.uint8)[:, None, None]
    masks = {}
    for value, plane, rle in zip(found, planes, encode(planes.view(np.uint8).T), strict=True):
        x, y = divmod(int(np.flatnonzero(plane)[areas[value] // 2]), len(ids))
        box = tuple(int(side) for side in toBbox(rle))
        masks[value] = ObjectMask(rle['counts'].decode('ascii'), int(areas[value]), box, (x, y))
    return masks
