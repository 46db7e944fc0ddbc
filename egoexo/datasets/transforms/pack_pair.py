"""The last transform of a pipeline of pairs of pictures."""

from collections.abc import Sequence

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from egoexo.datasets.transforms.hide_target_tokens import num_tokens
from egoexo.errors import ConfigError, explain
from egoexo.registry import TRANSFORMS
from egoexo.structures import EgoExoDataSample

__all__ = ['PackPair']

_ARRAYS = ('query_picture', 'target_picture', 'query_mask', 'target_mask')


@TRANSFORMS.register_module()
class PackPair(BaseTransform):
    """Squares as the tensors that the network sees, still grey levels, and the sample.

    Required Keys:
        - query_picture, target_picture (np.ndarray): RGB, uint8, (S, S, 3).
        - query_mask, target_mask (np.ndarray): uint8 of 0 and 1, (S, S).
        - is_negative (bool): Whether the object is taken as absent from the target picture.
        - hidden_tokens (np.ndarray, optional): bool, (T, T); none is hidden without it.
        - all of ``meta_keys``

    Args:
        meta_keys (Sequence[str]): Meta information to carry.
        stride (int): Pixels per token: T = S / stride. Defaults to 16.
    """

    def __init__(self, meta_keys: Sequence[str] = (
            'sample_id', 'uid', 'subset', 'view', 'object_name', 'query_camera', 'target_camera', 'frame', 'order',
            'query_path', 'target_path', 'query_size', 'target_size', 'query_rle', 'target_rle', 'is_annotated',
            'is_negative', 'sample_idx'), stride: int = 16) -> None:
        self.meta_keys = tuple(meta_keys)
        self.stride = stride

    def transform(self, results: dict) -> dict:
        """Make the sample that the model gets.

        Args:
            results (dict): See the class.

        Returns:
            dict: ``inputs``, a dict of ``query`` and ``target`` (uint8, (3, S, S), views of the pictures, which other
            items may share), ``query_mask`` (uint8, (1, S, S)), ``hidden_tokens`` (bool, (T, T)) and ``keys``, two
            texts that tell the pictures from others of a batch; and ``data_samples`` (EgoExoDataSample) with
            ``gt_target_mask`` and ``gt_visible``.

        Raises:
            ConfigError: If a key is absent or the stride does not fit.
        """
        absent = [key for key in (*_ARRAYS, 'is_negative', *self.meta_keys) if key not in results]
        if absent:
            raise ConfigError(explain(
                f"PackPair, sample {results.get('sample_id')!r}", ', '.join(map(repr, dict.fromkeys(absent))),
                f"only {', '.join(sorted(results))}", 'Add the transform that makes it, or change meta_keys.'))
        size = len(results['target_mask'])
        tokens = num_tokens(size, self.stride, 'PackPair')
        hidden = results.get('hidden_tokens')
        hidden = np.zeros((tokens, tokens), dtype=bool) if hidden is None else hidden
        if hidden.shape != (tokens, tokens):
            raise ConfigError(explain('PackPair, stride', f'{tokens} x {tokens} hidden tokens', f'{hidden.shape}',
                                      'Give HideTargetTokens and PackPair the same stride.'))
        sample = EgoExoDataSample(metainfo={key: results[key] for key in self.meta_keys})
        sample.gt_target_mask = torch.from_numpy(results['target_mask']) > 0
        sample.gt_visible = torch.tensor(not results['is_negative'])
        inputs = dict(query=torch.from_numpy(results['query_picture']).permute(2, 0, 1),
                      target=torch.from_numpy(results['target_picture']).permute(2, 0, 1),
                      query_mask=torch.from_numpy(results['query_mask'])[None],
                      hidden_tokens=torch.from_numpy(hidden),
                      keys=tuple(str(results.get(f'{role}_path', id(results[f'{role}_picture'])))
                                 for role in ('query', 'target')))
        return dict(inputs=inputs, data_samples=sample)
