"""Thin the features and labels of a video to the steps that the model sees."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from egoexo.datasets.feature_store import require_finite
from egoexo.errors import ConfigError, explain
from egoexo.registry import TRANSFORMS

__all__ = ['IGNORED_LABEL', 'SampleSequence']

#: Class id of a step that no loss looks at.
IGNORED_LABEL = -100


@TRANSFORMS.register_module()
class SampleSequence(BaseTransform):
    """Take every n-th row and label, as the official segmentation loader does; nothing is averaged.

    First every ``feature_interval``-th row and every ``label_interval``-th label are kept, then, with ``trim``, both
    are cut to the shorter one, then every ``step``-th of what is left is kept, starting with the first. Official
    names: feat_sample_rate, label_sample_rate, all_sample_rate; all scripts use 1, 1, 5. Features of 5 rows per second
    need 1, 5, 1.

    Without ``trim`` (prediction) the whole feature file is used, and ``gt_step_labels`` is cut or filled with -100 to
    fit. Only the rows that are kept are read from a mapped file, and only these are checked for NaN.

    Required Keys:
        - feats (np.ndarray): (T, D), floating.
        - gt_frame_labels (np.ndarray, optional): (G,), int64; stays as it is.
        - feature_fps, label_fps (float, optional): Checked against the intervals when both are there.

    Modified Keys:
        - feats (np.ndarray): (S, D), float32.

    Added Keys:
        - gt_step_labels (np.ndarray): (S,), int64, if there are labels.
        - frames_per_step (int): Labels that one step stands for.

    Args:
        step (int): Defaults to 5.
        feature_interval (int): Defaults to 1.
        label_interval (int): Defaults to 1.
        trim (bool): Cut to the shorter one; True for training (default), False for prediction.

    Examples:
        >>> sampled = SampleSequence(step=5)(dict(feats=np.zeros((12, 4), np.float32), gt_frame_labels=np.arange(12)))
        >>> sampled['feats'].shape, sampled['gt_step_labels']
        ((3, 4), array([ 0,  5, 10]))
    """

    def __init__(self, step: int = 5, feature_interval: int = 1, label_interval: int = 1, trim: bool = True) -> None:
        for name, value in dict(step=step, feature_interval=feature_interval, label_interval=label_interval).items():
            if not isinstance(value, int) or value < 1:
                raise ConfigError(explain(f'SampleSequence, {name}', 'a whole number >= 1', repr(value),
                                          'Correct it in the pipeline of the config.'))
        self.step = step
        self.feature_interval = feature_interval
        self.label_interval = label_interval
        self.trim = trim

    def transform(self, results: dict) -> dict:
        """Replace ``feats``; add ``gt_step_labels`` and ``frames_per_step``.

        Args:
            results (dict): See the class.

        Returns:
            dict: The same.

        Raises:
            FeatureError: If a row that is kept holds NaN or Inf.
            ConfigError: If the intervals do not bring rows and labels to the same rate.
        """
        self._check_rates(results)
        rows = results['feats'][::self.feature_interval]
        labels = results.get('gt_frame_labels')
        if labels is not None:
            labels = labels[::self.label_interval]
            if self.trim:
                length = min(len(rows), len(labels))
                rows, labels = rows[:length], labels[:length]
        results['feats'] = self._take(rows, results.get('feature_path', 'the given features'))
        if labels is not None:
            results['gt_step_labels'] = _fit(labels[::self.step], len(results['feats']))
        results['frames_per_step'] = self.step * self.label_interval
        return results

    def num_predicted(self, num_rows: int) -> int:
        """Labels that a model can predict for a feature file.

        Args:
            num_rows (int): T.

        Returns:
            int: Steps x labels per step; scoring needs at least as many as there are true labels.
        """
        num_steps = -(-num_rows // (self.feature_interval * self.step))
        return num_steps * self.step * self.label_interval

    def _take(self, rows: np.ndarray, path: str) -> np.ndarray:
        kept = np.array(rows[::self.step], order='C')
        require_finite(kept, path, step=self.feature_interval * self.step)
        return kept if kept.dtype == np.float32 else torch.from_numpy(kept).float().numpy()

    def _check_rates(self, results: dict) -> None:
        feature_fps, label_fps = results.get('feature_fps'), results.get('label_fps')
        if feature_fps is None or label_fps is None:
            return
        row_rate, label_rate = feature_fps / self.feature_interval, label_fps / self.label_interval
        if abs(row_rate - label_rate) > 1e-6 * label_rate:
            raise ConfigError(explain(
                'SampleSequence, feature_interval and label_interval', 'intervals that give equal rates',
                f'{row_rate:g} rows per second ({feature_fps:g} fps features, feature_interval='
                f'{self.feature_interval}) against {label_rate:g} labels per second ({label_fps:g} fps labels, '
                f'label_interval={self.label_interval}): the row of second 60 would get the label of second '
                f'{60 * row_rate / label_rate:g}', 'Choose intervals that give equal rates.'))


def _fit(labels: np.ndarray, length: int) -> np.ndarray:
    """Cut or fill with the ignored label to a length; always a copy, int64."""
    fitted = np.full(length, IGNORED_LABEL, dtype=np.int64)
    fitted[:len(labels)] = labels[:length]
    return fitted
