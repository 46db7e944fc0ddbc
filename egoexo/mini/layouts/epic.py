"""The layout of EPIC-KITCHENS-100: tables of the ego videos, and LEMMA's files of the third-person clips."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from egoexo.mini.layouts.epic_classes import write_classes, write_tails
from egoexo.mini.layouts.epic_defects import damage_rows, remove_frame
from egoexo.mini.layouts.epic_lemma import write_lemma
from egoexo.mini.layouts.epic_names import ANNOTATIONS, participant
from egoexo.mini.layouts.epic_rows import build_rows, write_rows, write_video_info
from egoexo.mini.layouts.files import write_csv

if TYPE_CHECKING:
    from egoexo.mini.epic_record import EpicRecord

__all__ = ['write_layout']

# Table -> splits of the videos in it. The challenge's test rows are those of the test videos once more, without labels.
TABLES = {'train': ('train',), 'validation': ('val', 'test'), 'test': ('test',)}


def write_layout(root: Path, records: Sequence['EpicRecord'], seed: int,
                 defects: Sequence[str] = ()) -> dict[str, object]:
    """Write everything but the frames.

    Args:
        root (Path): Root of the layout, e.g. ``data/mini/epic``.
        records (Sequence[EpicRecord]): All ego and exo videos.
        seed (int): Seed of the world.
        defects (Sequence[str]): Defects to plant.

    Returns:
        dict[str, object]: Facts for ``mini.json``.
    """
    root = Path(root)
    egos = sorted((record for record in records if record.plan.view == 'ego'), key=lambda record: record.plan.uid)
    exos = [record for record in records if record.plan.view == 'exo']
    rows = {table: [row for record in egos if record.plan.split in splits for row in build_rows(record, seed)]
            for table, splits in TABLES.items()}
    classes = write_classes(root)
    tails = write_tails(root, [row.verb_class for row in rows['train']], [row.noun_class for row in rows['train']])
    unseen = _unseen_participants(egos)
    write_csv(root / ANNOTATIONS / 'EPIC_100_unseen_participant_ids_validation.csv', ('participant_id',),
              [(name,) for name in unseen])
    write_video_info(root, egos)
    write_rows(root, {**rows, 'train': damage_rows(rows['train'], defects)}, seed)
    remove_frame(rows['train'], egos, defects)
    return {'rows': {table: len(found) for table, found in rows.items()}, 'verb_classes': classes['verb'],
            'noun_classes': classes['noun'], 'tail_verbs': tails['verb'], 'tail_nouns': tails['noun'],
            'unseen_participants': unseen, 'lemma': write_lemma(root, exos)}


def _unseen_participants(records: Sequence['EpicRecord']) -> list[str]:
    """Participants of validation who are not in training."""
    trained = {participant(record.plan) for record in records if record.plan.split == 'train'}
    return sorted({participant(record.plan) for record in records} - trained)
