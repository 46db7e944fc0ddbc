"""The layout of EgoExoLearn: every annotation file of the release from the tables of a mini world."""

from collections.abc import Sequence
from pathlib import Path

from egoexo.mini.annotate import build_tables
from egoexo.mini.layouts.egoexolearn_annotations import (
    write_coarse_annotations,
    write_fine_annotations,
    write_gaze,
    write_taxonomies,
    write_video_meta,
)
from egoexo.mini.layouts.egoexolearn_anticipation import write_anticipation
from egoexo.mini.layouts.egoexolearn_association import write_association, write_video_questions
from egoexo.mini.layouts.egoexolearn_defects import DEFECTS, plant_defects
from egoexo.mini.layouts.egoexolearn_planning import write_planning
from egoexo.mini.layouts.egoexolearn_segmentation import write_segmentation
from egoexo.mini.layouts.egoexolearn_skill import write_skill
from egoexo.mini.presets import MiniPreset
from egoexo.mini.record import VideoRecord

__all__ = ['DEFECTS', 'write_layout']


def write_layout(root: Path, records: Sequence[VideoRecord], preset: MiniPreset, seed: int,
                 defects: Sequence[str] = ()) -> dict[str, object]:
    """Write annotations, gaze and skill clip features beside the finished videos and features.

    Args:
        root (Path): Root of the layout, e.g. ``data/mini/egoexolearn``, with ``videos/`` and ``features/`` in it.
        records (Sequence[VideoRecord]): All videos of population A.
        preset (MiniPreset): Sizes and knobs.
        seed (int): Seed of the world.
        defects (Sequence[str]): Keys of :data:`DEFECTS` to plant.

    Returns:
        dict[str, object]: Facts for ``mini.json``: classes, rows, pairs and questions of the clean files.

    Raises:
        AnnotationError: A defect needs a larger world, or a video is listed twice.
        ConfigError: A defect is unknown.
    """
    root = Path(root)
    tables = build_tables(records, preset, seed)
    write_video_meta(root, tables, preset)
    write_taxonomies(root)
    facts = {
        'gaze_files': write_gaze(root, tables),
        'segmentation': write_segmentation(root, tables),
        'coarse_videos': write_coarse_annotations(root, tables),
        'fine_annotations': write_fine_annotations(root, tables),
        'anticipation': write_anticipation(root, tables),
        'planning': write_planning(root, tables),
        'skill': write_skill(root, tables),
        'association': write_association(root, tables),
        'video_questions': write_video_questions(root, tables),
    }
    plant_defects(root, tables, tuple(defects))
    return facts
