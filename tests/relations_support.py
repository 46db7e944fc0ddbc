"""A small download of Ego-Exo4D with relations: annotation files, and videos whose frames show their number."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from egoexo.formats.rle import encode_mask
from egoexo.mini.layouts.lz_text import lz_text
from egoexo.mini.video import write_mp4

__all__ = ['EGO', 'SIZES', 'box', 'mask_entry', 'relation_take', 'view', 'write_download', 'write_videos']

EGO = 'aria01_214-1'
#: Camera -> height and width of its video.
SIZES = {EGO: (64, 64), 'cam01': (36, 64), 'cam02': (36, 64)}


def box(size: tuple[int, int], top: int = 2, left: int = 3, height: int = 5, width: int = 4) -> np.ndarray:
    """Mask of a box, (H, W)."""
    mask = np.zeros(size, dtype=np.uint8)
    mask[top:top + height, left:left + width] = 1
    return mask


def mask_entry(mask: np.ndarray) -> dict:
    """One frame of ``annotation``."""
    return {'width': mask.shape[1], 'height': mask.shape[0], 'encodedMask': lz_text(encode_mask(mask)['counts']),
            'intSegClicks': {'positive': [{'x': 3.0, 'y': 2.0, 'timestamp': 1}], 'negative': []}}


def view(camera: str, frames: Sequence[int], annotated: Sequence[int] = (0, 30, 60)) -> dict:
    """One camera of an object: a box that moves down with the frame."""
    return {'annotation': {str(frame): mask_entry(box(SIZES[camera], top=frame // 30)) for frame in frames},
            'annotation_metadata': {'annotator_id': '7'}, 'annotation_fps': 1, 'annotated_frames': list(annotated)}


def relation_take(name: str) -> dict:
    """A take with two objects, of which one is missing in ``cam02``."""
    return {'scenario': 'Cooking', 'take_name': name, 'object_names': {'annotation': []}, 'object_masks': {
        'steel bowl_0': {'cam01': view('cam01', (0, 30)), EGO: view(EGO, (0, 60)), 'cam02': view('cam02', ())},
        'salt/pepper_1': {EGO: view(EGO, (30, )), 'cam01': view('cam01', (0, 30), (0, 30))}}}


def write_videos(root: Path, take_name: str, sizes: Mapping[str, tuple[int, int]] | None = None, num_frames: int = 70,
                 folder: str = '') -> None:
    """Videos of a take; a frame is as bright as its number."""
    for camera, (height, width) in (SIZES if sizes is None else sizes).items():
        frames = np.broadcast_to(np.arange(num_frames, dtype=np.uint8)[:, None, None, None] * 2 + 20,
                                 (num_frames, height, width, 3))
        write_mp4(root / 'takes' / take_name / 'frame_aligned_videos' / folder / f'{camera}.mp4',
                  [np.ascontiguousarray(frames)], 30, (width, height))


def write_download(root: Path, train: Sequence[str] = ('u0', 'u1'), val: Sequence[str] = ('u2', ),
                   videos: bool = True, take: Mapping | None = None) -> Path:
    """Take ``u0`` is called ``name_u0``, and so on."""
    folder = root / 'annotations'
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'split.json').write_text(json.dumps({'train': list(train), 'val': list(val), 'test': []}))
    for split, uids in (('train', train), ('val', val)):
        takes = {uid: dict(take or relation_take(''), take_name=f'name_{uid}') for uid in uids}
        (folder / f'relations_{split}.json').write_text(json.dumps({'version': '1', 'annotations': takes}))
        for uid in uids if videos else ():
            write_videos(root, f'name_{uid}')
    return root
