"""A small processed layout of the correspondence benchmark in which a coloured box is the object, for tests."""

import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from egoexo.formats.rle import encode_mask

__all__ = ['EGO', 'OBJECTS', 'is_annotated', 'is_visible', 'object_mask', 'take_uid', 'write_correspondence_root',
           'write_take']

EGO = 'aria01_214-1'
#: Object -> its colour. The names have a space and a slash, as official ones may.
OBJECTS = {'steel pan_0': (220, 40, 40), 'salt/pepper_1': (40, 220, 40), 'cup_2': (40, 40, 220)}


def take_uid(split: str, number: int) -> str:
    """Official uids look like this."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f'{split}-{number}'))


def is_visible(object_number: int, camera_number: int, place: int) -> bool:
    """Whether an object has a mask in a camera (0 is the ego camera) at the frame of a place: 3 of 4 times."""
    return (object_number + camera_number + place) % 4 != 3


def is_annotated(object_number: int, camera_number: int, place: int) -> bool:
    """Whether somebody looked: where it is visible, and at every other of the remaining frames."""
    return is_visible(object_number, camera_number, place) or (object_number + place) % 2 == 0


def object_mask(size: tuple[int, int], object_number: int, camera_number: int, place: int) -> np.ndarray:
    """Box of an object, uint8 of 0 and 1, (H, W): its place moves with the frame and differs between cameras."""
    height, width = size
    mask = np.zeros(size, dtype=np.uint8)
    top = (height * (1 + 2 * object_number) // 8 + place * height // 32) % (height - height // 4)
    left = (width * (1 + 2 * ((object_number + camera_number) % 3)) // 8) % (width - width // 4)
    mask[top:top + height // 4, left:left + width // 4] = 1
    return mask


def write_correspondence_root(root: Path, splits: Mapping[str, int] | None = None,
                              objects: Sequence[str] = tuple(OBJECTS), exo: Sequence[str] = ('cam01', 'cam02'),
                              num_frames: int = 4, ego_size: tuple[int, int] = (64, 64),
                              exo_size: tuple[int, int] = (72, 128), scale: int = 2) -> Path:
    """Write ``split.json`` and the folders of all takes; ``annotation.json`` with ``annotated_frames``.

    Args:
        root (Path): Folder to write into; serves as ``data_root``.
        splits (Mapping[str, int], optional): Number of takes; two for training and one for validation by default.
        objects (Sequence[str]): Out of :data:`OBJECTS`.
        exo (Sequence[str]): Exo cameras.
        num_frames (int): Frames 0, 30, 60, ...
        ego_size (tuple[int, int]): Height and width of the ego masks.
        exo_size (tuple[int, int]): Height and width of the exo masks.
        scale (int): How many times smaller the pictures are than the masks.
    """
    splits = dict(train=2, val=1) if splits is None else splits
    root.mkdir(parents=True, exist_ok=True)
    uids = {split: [take_uid(split, number) for number in range(count)] for split, count in splits.items()}
    (root / 'split.json').write_text(json.dumps(dict(train=[], val=[], test=[]) | uids))
    sizes = {EGO: ego_size} | dict.fromkeys(exo, exo_size)
    for number, uid in enumerate(uid for part in uids.values() for uid in part):
        write_take(root / uid, sizes, objects, num_frames, scale, seed=number)
    return root


def write_take(folder: Path, sizes: Mapping[str, tuple[int, int]], objects: Sequence[str] = tuple(OBJECTS),
               num_frames: int = 4, scale: int = 2, seed: int = 0) -> dict:
    """Write one take; ``sizes`` holds height and width of the masks of each camera. Gives its annotation."""
    rng = np.random.default_rng(seed)
    frames = [30 * place for place in range(num_frames)]
    masks: dict[str, dict] = {name: {camera: {} for camera in sizes} for name in objects}
    looked: dict[str, dict] = {name: {camera: [] for camera in sizes} for name in objects}
    folder.mkdir(parents=True, exist_ok=True)
    for camera_number, (camera, (height, width)) in enumerate(sizes.items()):
        (folder / camera).mkdir(exist_ok=True)
        for place, frame in enumerate(frames):
            picture = np.full((height // scale, width // scale, 3), 120.0)
            for object_number, name in enumerate(objects):
                if is_annotated(object_number, camera_number, place):
                    looked[name][camera].append(frame)
                if is_visible(object_number, camera_number, place):
                    mask = object_mask((height, width), object_number, camera_number, place)
                    masks[name][camera][str(frame)] = encode_mask(mask)
                    picture[mask[::scale, ::scale] > 0] = OBJECTS[name]
            picture += rng.normal(0, 6, picture.shape)
            Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / camera / f'{frame}.jpg', quality=95)
    annotation = dict(masks=masks, subsample_idx=frames, annotated_frames=looked)
    (folder / 'annotation.json').write_text(json.dumps(annotation))
    return annotation
