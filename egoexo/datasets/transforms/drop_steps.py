"""Train on fewer steps or fewer labels of each video."""

import numpy as np
from mmcv.transforms import BaseTransform

from egoexo.datasets.transforms.sample_sequence import IGNORED_LABEL
from egoexo.errors import ConfigError, explain
from egoexo.registry import TRANSFORMS

__all__ = ['DropSteps']


@TRANSFORMS.register_module()
class DropSteps(BaseTransform):
    """Leave out equally spaced steps, or their labels (official options ratio_source and ratio_label_source).

    Of T steps, ``int((1 - ratio) * T)`` at ``floor(linspace(0, T - 1, count))`` are dropped. The official code stops
    with a TypeError for any ratio below 1; ours takes the whole number it meant.

    Required Keys:
        - feats (np.ndarray): (S, D).
        - gt_step_labels (np.ndarray): (S,), int64.

    Modified Keys:
        - feats, gt_step_labels

    Args:
        keep_ratio (float): Share of the steps that stay, above 0 and at most 1 (default).
        keep_label_ratio (float): Share of the remaining steps whose label stays; the others become -100.

    Examples:
        >>> kept = DropSteps(keep_ratio=0.5)(dict(feats=np.zeros((4, 2)), gt_step_labels=np.arange(4)))
        >>> kept['gt_step_labels']
        array([1, 2])
    """

    def __init__(self, keep_ratio: float = 1.0, keep_label_ratio: float = 1.0) -> None:
        for name, value in dict(keep_ratio=keep_ratio, keep_label_ratio=keep_label_ratio).items():
            if not 0 < value <= 1:
                raise ConfigError(explain(f'DropSteps, {name}', 'a number above 0 and at most 1', repr(value),
                                          'Correct it in the pipeline of the config.'))
        self.keep_ratio = keep_ratio
        self.keep_label_ratio = keep_label_ratio

    def transform(self, results: dict) -> dict:
        """Thin ``feats`` and ``gt_step_labels``.

        Args:
            results (dict): See the class.

        Returns:
            dict: The same.
        """
        stay = np.ones(len(results['feats']), dtype=bool)
        stay[_spaced(len(stay), self.keep_ratio)] = False
        results['feats'] = results['feats'][stay]
        labels = results['gt_step_labels'][stay]
        labels[_spaced(len(labels), self.keep_label_ratio)] = IGNORED_LABEL
        results['gt_step_labels'] = labels
        return results


def _spaced(length: int, keep_ratio: float) -> np.ndarray:
    return np.linspace(0, length - 1, int((1 - keep_ratio) * length)).astype(np.int64)
