"""The layout of Ego-Exo4D: tables, keysteps, descriptions and masks of the takes of a mini world."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from egoexo.mini.layouts.egoexo4d_descriptions import write_descriptions
from egoexo.mini.layouts.egoexo4d_keystep import write_keysteps
from egoexo.mini.layouts.egoexo4d_meta import write_meta, write_splits
from egoexo.mini.layouts.egoexo4d_relations import write_relations
from egoexo.mini.layouts.egoexo4d_transfer import write_transfer_recipe

if TYPE_CHECKING:
    from egoexo.mini.presets import MiniPreset
    from egoexo.mini.take_record import TakeRecord

__all__ = ['write_layout']


def write_layout(root: Path, records: Sequence['TakeRecord'], preset: 'MiniPreset',
                 seed: int) -> dict[str, object]:
    """Write everything that is not part of a single take's folder.

    Args:
        root (Path): Root of the layout, e.g. ``data/mini/egoexo4d``, with ``takes/`` and ``features/`` in it.
        records (Sequence[TakeRecord]): All takes of population B.
        preset (MiniPreset): Sizes and knobs.
        seed (int): Seed of the world.

    Returns:
        dict[str, object]: Facts for ``mini.json``.
    """
    root = Path(root)
    ordered = sorted(records, key=lambda record: record.plan.index)
    write_meta(root, ordered, seed)
    return {
        'takes': write_splits(root, ordered),
        'keystep_segments': write_keysteps(root, ordered, preset, seed),
        'atomic_descriptions': write_descriptions(root, ordered, seed),
        'relations': write_relations(root, ordered, seed),
        'transfer': write_transfer_recipe(root, ordered),
    }
