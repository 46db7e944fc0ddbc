"""Segmentation files of EgoExoLearn: split bundles, one class id per frame, class names."""

import json
from pathlib import Path

import numpy as np

from egoexo.mini.annotate import Tables
from egoexo.mini.layouts.egoexolearn_paths import SEGMENTATION, SUBSET_NEWLINES, bundle_path, split_subsets
from egoexo.mini.layouts.files import write_bytes, write_lines
from egoexo.mini.seeding import rng
from egoexo.mini.vocabulary import COARSE_CLASSES

__all__ = ['write_bundles', 'write_frame_labels', 'write_segmentation']

# Class id -> spelling in the released file; readers must match by id.
RELEASED_SPELLING = {5: 'Prepare greed/red pepper', 9: 'Prepare sause', 25: 'Add sause'}


def write_segmentation(root: Path, tables: Tables) -> dict[str, object]:
    """Write all files of the segmentation benchmark.

    Args:
        root (Path): Root of the layout.
        tables (Tables): Annotations.

    Returns:
        dict[str, object]: Facts: number of classes, classes that occur in each subset, share of background.
    """
    write_bundles(root, SEGMENTATION, tables)
    labels = {record.plan.uid: record.state.step_labels() for record in tables.records}
    for uid, values in labels.items():
        write_frame_labels(root / SEGMENTATION / 'gts_fps25' / f'{uid}.txt', values)
    _write_class_names(root / SEGMENTATION / 'semantic_en.json')
    subsets = {name: np.concatenate([labels[uid] for uid in uids])
               for name, uids in split_subsets(tables).items() if uids}
    return {'num_classes': len(COARSE_CLASSES),
            'classes': {name: np.unique(values).tolist() for name, values in subsets.items()},
            'background': {name: round(float((values == 0).mean()), 4) for name, values in subsets.items()}}


def write_bundles(root: Path, folder: Path, tables: Tables) -> None:
    """Write the nine split lists: ``<uid>.txt`` lines, shuffled, CRLF for exo, no terminator at the end.

    Args:
        root (Path): Root of the layout.
        folder (Path): Benchmark folder that holds ``splits/``.
        tables (Tables): Annotations.
    """
    for subset, uids in split_subsets(tables).items():
        order = rng(tables.seed, subset, 'bundle').permutation(len(uids))
        newline = SUBSET_NEWLINES[subset.rsplit('_', 1)[0]]
        write_lines(bundle_path(root, folder, subset), [f'{uids[index]}.txt' for index in order], newline)


def write_frame_labels(path: Path, labels: np.ndarray) -> None:
    """Write one class id per frame, CRLF between lines and nothing after the last one, as released.

    Args:
        path (Path): Target.
        labels (np.ndarray): Class ids, shape (T,).
    """
    write_lines(path, map(str, labels.tolist()), '\r\n')


def _write_class_names(path: Path) -> None:
    """27 names with ids as text; laid out as the released file, which was cut out of a larger one."""
    entries = [{'key': RELEASED_SPELLING.get(class_id, name), 'value': str(class_id)}
               for class_id, name in enumerate(COARSE_CLASSES) if class_id]
    write_bytes(path, json.dumps(entries, indent=2).replace('\n', '\n  ').encode())
