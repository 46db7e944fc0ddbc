"""Destroy the relation between features and labels, to prove that a score depends on it."""

import numpy as np
from mmcv.transforms import BaseTransform

from egoexo.registry import TRANSFORMS

__all__ = ['ShuffleLabels']


@TRANSFORMS.register_module()
class ShuffleLabels(BaseTransform):
    """Permute the step labels of a video in time; for sanity checks, never for a result.

    The permutation depends on the length of the video alone, so a video keeps its wrong labels over all epochs.

    Required Keys:
        - gt_step_labels (np.ndarray): Class ids, shape (S,).

    Modified Keys:
        - gt_step_labels

    Args:
        seed (int): Seed of the permutation. Defaults to 0.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def transform(self, results: dict) -> dict:
        """Permute ``results['gt_step_labels']``."""
        labels = results['gt_step_labels']
        order = np.random.default_rng((self.seed, len(labels))).permutation(len(labels))
        results['gt_step_labels'] = labels[order]
        return results
