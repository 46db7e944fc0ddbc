"""Relations of Ego-Exo4D: masks of every object in every camera once per second, and the split of the benchmark."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from egoexo.mini.camera import EGO_CAMERA
from egoexo.mini.layouts.egoexo4d_meta import SPLITS
from egoexo.mini.layouts.egoexo4d_names import SCENARIOS, take_name, video_name
from egoexo.mini.layouts.files import write_bytes, write_json
from egoexo.mini.layouts.lz_text import lz_text
from egoexo.mini.object_masks import sampled_frames
from egoexo.mini.seeding import make_uid, rng

if TYPE_CHECKING:
    from egoexo.mini.object_masks import ObjectMask
    from egoexo.mini.take_record import TakeRecord

__all__ = ['object_name', 'write_relations']

BOX_FPS, MASK_FPS = 30, 1
# Annotators named what they saw; names hold spaces and slashes.
DISPLAY_NAMES = {'pot': 'soup pot', 'pan': 'frying pan', 'lid': 'pot lid', 'shovel': 'cooking shovel',
                 'chopstick': 'chopsticks', 'seasoning': 'salt/pepper shaker', 'oil': 'oil / sauce bottle',
                 'water': 'water jug'}
_ANNOTATED = 1_688_000_000  # end of June 2023
_CLICK_MS = 1700


def object_name(name: str) -> str:
    """Name of an object in the masks.

    Args:
        name (str): Name in the vocabulary; there is one of each in a kitchen.

    Returns:
        str: ``'chopping board_0'``, ``'oil / sauce bottle_0'``, ..
    """
    return f'{DISPLAY_NAMES.get(name, name.replace("_", " "))}_0'


def write_relations(root: Path, records: Sequence['TakeRecord'], seed: int) -> dict[str, int]:
    """Write ``annotations/relations_{train,val}.json`` and ``annotations/split.json``.

    A frame is in ``annotation`` only where the object was seen; ``annotated_frames`` lists all that were looked at.
    Cameras that never see an object are left out, so an object may have no ego camera.

    Args:
        root (Path): Root of the layout.
        records (Sequence[TakeRecord]): Takes in world order.
        seed (int): Seed of the world.

    Returns:
        dict[str, int]: Masks per split.
    """
    counts, split_of = {}, {record.plan.uid: SPLITS[record.plan.split] for record in records}
    for split in SPLITS.values():
        own = [record for record in records if split_of[record.plan.uid] == split]
        # Take by take as text: the nested objects of all masks would need many times the memory.
        takes = [f'{json.dumps(record.plan.uid)}: {json.dumps(_take(record, seed))}' for record in own]
        write_bytes(root / 'annotations' / f'relations_{split}.json',
                    f'{{"annotations": {{{", ".join(takes)}}}}}'.encode())
        counts[split] = sum(len(frames) for record in own for views in record.masks.values()
                            for frames in views.values())
    write_json(root / 'annotations' / 'split.json', {split: [uid for uid, its in split_of.items() if its == split]
                                                     for split in ('train', 'val', 'test')})
    return counts


def _take(record: 'TakeRecord', seed: int) -> dict[str, object]:
    """Annotation of one take."""
    plan, masks = record.plan, {}
    frames = sampled_frames(record.state.num_frames)
    for name, views in record.masks.items():
        masks[object_name(name)] = {
            Path(video_name(cam_id)).stem: _view(record, f'{name}-{cam_id}', cam_id, seen, frames, seed)
            for cam_id, seen in views.items()}
    return {
        'scenario': SCENARIOS[plan.task],
        'take_name': take_name(plan),
        'object_names': {'annotation': _boxes(record), 'annotation_metadata': _metadata(record, 'objects', seed),
                         'annotation_fps': BOX_FPS},
        'object_masks': masks,
    }


def _boxes(record: 'TakeRecord') -> list[dict[str, object]]:
    """One box per object, in the first frame in which the head camera sees it."""
    boxes = []
    for name, views in record.masks.items():
        for frame, mask in list(views.get(EGO_CAMERA, {}).items())[:1]:
            boxes.append({
                **{key: float(side) for key, side in zip(('x', 'y', 'width', 'height'), mask.box, strict=True)},
                'rotation': 0,
                'original_width': record.ego_size,
                'original_height': record.ego_size,
                'frameNumber': frame,
                'endInterpolation': True,
                'interpolated': False,
                'track_id': object_name(name),
                'milo_type': 'NONE',
            })
    return boxes


def _view(record: 'TakeRecord', key: str, cam_id: str, seen: dict[int, 'ObjectMask'], frames: list[int],
          seed: int) -> dict[str, object]:
    """Masks of one object in one camera."""
    width, height = (record.ego_size, record.ego_size) if cam_id == EGO_CAMERA else record.exo_size
    metadata = _metadata(record, key, seed)
    start = 1000 * (metadata['response_time'] - len(seen) * 4)
    annotation = {str(frame): {'width': width, 'height': height, 'encodedMask': lz_text(mask.counts),
                               'intSegClicks': _clicks(mask.point, start + _CLICK_MS * rank)}
                  for rank, (frame, mask) in enumerate(seen.items())}
    return {'annotation': annotation, 'annotation_metadata': metadata, 'annotation_fps': MASK_FPS,
            'annotated_frames': frames}


def _clicks(point: tuple[int, int], moment: int) -> dict[str, list[dict[str, float]]]:
    """The click of an annotator from which a segmenter made the mask."""
    return {'positive': [{'x': float(point[0]), 'y': float(point[1]), 'timestamp': moment}], 'negative': [],
            'upperLeft': [], 'bottomRight': [], 'unlabeled': [{'x': 0, 'y': 0, 'timestamp': moment}]}


def _metadata(record: 'TakeRecord', key: str, seed: int) -> dict[str, object]:
    """Who annotated when."""
    plan = record.plan
    draw = rng(seed, plan.uid, f'relations-{key}')
    return {
        'annotation_uid': make_uid(seed, f'B-relations-{key}', plan.index),
        'annotator_id': str(draw.integers(10**15, 10**16)),
        'response_time': _ANNOTATED + int(draw.integers(0, 10**7)),
        'job_id': str(draw.integers(10**15, 10**16)),
        'response_id': str(draw.integers(10**14, 10**15)),
    }
