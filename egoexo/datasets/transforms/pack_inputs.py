"""The last transform of a feature-sequence pipeline."""

from collections.abc import Sequence

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from egoexo.errors import ConfigError, explain
from egoexo.registry import TRANSFORMS
from egoexo.structures import EgoExoDataSample

__all__ = ['PackInputs']


@TRANSFORMS.register_module()
class PackInputs(BaseTransform):
    """Pack features, labels and meta information; a key that is absent is an error.

    Required Keys:
        - feats (np.ndarray): (S, D), float32.
        - all of ``keys`` (np.ndarray) and ``meta_keys``

    Args:
        keys (Sequence[str]): Fields of :data:`egoexo.structures.FIELDS` to carry; empty for unlabelled videos.
        meta_keys (Sequence[str]): Meta information to carry.
    """

    def __init__(self, keys: Sequence[str] = ('gt_frame_labels', 'gt_step_labels'),
                 meta_keys: Sequence[str] = ('sample_id', 'view', 'subset', 'task', 'frames_per_step')) -> None:
        self.keys = tuple(keys)
        self.meta_keys = tuple(meta_keys)

    def transform(self, results: dict) -> dict:
        """Make the sample that the model gets.

        Args:
            results (dict): See the class.

        Returns:
            dict: ``inputs`` (Tensor (D, S) float32, a view with the steps outermost in memory) and ``data_samples``
            (EgoExoDataSample).

        Raises:
            ConfigError: If a key is absent.
        """
        absent = [key for key in ('feats', *self.keys, *self.meta_keys) if key not in results]
        if absent:
            raise ConfigError(explain(
                f"PackInputs, sample {results.get('sample_id')!r}", f"{', '.join(map(repr, absent))}",
                f"only {', '.join(sorted(results))}", 'Add the transform that makes it, or change keys / meta_keys.'))
        sample = EgoExoDataSample(metainfo={key: results[key] for key in self.meta_keys})
        sample.set_data({key: torch.from_numpy(np.ascontiguousarray(results[key])) for key in self.keys})
        return dict(inputs=torch.from_numpy(results['feats']).T, data_samples=sample)
