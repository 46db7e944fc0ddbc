"""Atomic descriptions of Ego-Exo4D: two annotators per take, each in a spelling of their own."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from egoexo.mini.layouts.files import write_json
from egoexo.mini.seeding import make_uid, rng

if TYPE_CHECKING:
    from egoexo.mini.narrators import Description
    from egoexo.mini.take_record import TakeRecord

__all__ = ['write_descriptions']


def write_descriptions(root: Path, records: Sequence['TakeRecord'], seed: int) -> dict[str, int]:
    """Write ``annotations/atomic_descriptions_{train,val}.json``.

    The release spells ``ego_visible`` and ``unsure`` as booleans or as ``"0"``/``"1"``, and the subject ``subject`` or
    ``narration_subject``; here the second annotator uses the second spelling of each.

    Args:
        root (Path): Root of the layout.
        records (Sequence[TakeRecord]): Takes in world order.
        seed (int): Seed of the world.

    Returns:
        dict[str, int]: Descriptions per split.
    """
    counts = {}
    for split, own in (('train', 'train'), ('val', 'test')):
        takes = {record.plan.uid: _annotations(record, seed) for record in records if record.plan.split == own}
        write_json(root / 'annotations' / f'atomic_descriptions_{split}.json', {'annotations': takes})
        counts[split] = sum(len(annotation['descriptions']) for take in takes.values() for annotation in take)
    return counts


def _annotations(record: 'TakeRecord', seed: int) -> list[dict[str, object]]:
    """One entry per annotator."""
    plan = record.plan
    people = rng(seed, plan.uid, 'annotators').permutation(40)[:len(record.descriptions)] + 100
    return [
        {
            'annotation_uid': make_uid(seed, f'B-atomic-{rank}', plan.index),
            'annotator_id': str(person),
            'rejected': False,
            'reject_reason': None,
            'descriptions': [_description(description, rank == 1) for description in descriptions],
        }
        for rank, (person, descriptions) in enumerate(zip(people.tolist(), record.descriptions, strict=True))
    ]


def _description(description: 'Description', old: bool) -> dict[str, object]:
    """One sentence in either spelling."""
    camera = description.best_exo
    flags = {'ego_visible': description.ego_visible, 'unsure': description.unsure}
    return {
        'text': description.text,
        'timestamp': description.time_sec,
        'narration_subject' if old else 'subject': 'C',
        **({name: str(int(value)) for name, value in flags.items()} if old else flags),
        'best_exo': None if camera is None else {'raw_cam_id': str(int(camera[-2:])), 'cam_id': camera},
    }
