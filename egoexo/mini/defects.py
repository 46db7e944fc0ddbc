"""Defects of feature files, planted on request so that a loader's repair can be tested."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from egoexo.mini.job import write_tensor

if TYPE_CHECKING:
    from egoexo.mini.record import VideoRecord

__all__ = ['FEATURE_DEFECTS', 'plant_feature_defects']

FEATURE_DEFECTS = ('nan_feature', 'truncated_feature')
KEPT_BYTES = 4096  # of a truncated file


def plant_feature_defects(records: 'Sequence[VideoRecord]', defects: Sequence[str]) -> None:
    """Damage feature files in place.

    ``'nan_feature'``: row 10 of every feature of the first ego training video is NaN. ``'truncated_feature'``: every
    feature file of the first exo training video ends after 4,096 bytes.

    Args:
        records (Sequence[VideoRecord]): All videos.
        defects (Sequence[str]): Names to plant; others than :data:`FEATURE_DEFECTS` belong to layout writers.
    """
    if 'nan_feature' in defects:
        for path in _first(records, 'ego').feature_paths.values():
            values = torch.load(path, weights_only=True).numpy()
            values[10] = np.nan
            write_tensor(path, values)
    if 'truncated_feature' in defects:
        for path in _first(records, 'exo').feature_paths.values():
            os.truncate(path, KEPT_BYTES)


def _first(records: 'Sequence[VideoRecord]', view: str) -> 'VideoRecord':
    """First training video of a view."""
    return next(record for record in records if record.plan.view == view and record.plan.split == 'train')
