"""The last transform of a pipeline of clips of labelled segments."""

from collections.abc import Sequence

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from egoexo.errors import ConfigError, explain
from egoexo.registry import TRANSFORMS
from egoexo.structures import ClipViews, EgoExoDataSample

__all__ = ['PackClip']

_NEEDED = ('frames', 'view_rows', 'crops', 'crop_size', 'short_side', 'flip')
#: Fields of a data sample, the key that each comes from, and its type.
_FIELDS = {
    'gt_verb_label': ('verb_class', np.int64),
    'gt_noun_label': ('noun_class', np.int64),
    'gt_action_label': ('action_class', np.int64),
    'gt_verb_targets': ('verb_targets', np.float32),
    'gt_noun_targets': ('noun_targets', np.float32),
    'gt_ego_logits': ('ego_logits', np.float32),
    'gt_object_logits': ('object_logits', np.float32),
    'gt_hand_boxes': ('hand_boxes', np.float32),
    'gt_object_boxes': ('object_boxes', np.float32),
}
_OPTIONAL_META = ('participant_id', 'start_frame', 'stop_frame', 'narration', 'num_replaced', 'channel_order',
                  'frame_rate')


@TRANSFORMS.register_module()
class PackClip(BaseTransform):
    """Frames as stored, where the clips lie in them, and the sample.

    Required Keys:
        - frames (np.ndarray): uint8, (U, H, W, 3).
        - view_rows (np.ndarray): int64, (V, T).
        - crops (np.ndarray), crop_size, short_side (int), flip (bool)
        - lighting (np.ndarray, optional)
        - all of ``meta_keys``
        - verb_class, noun_class, action_class (int, optional), verb_targets, noun_targets, ego_logits, object_logits,
          hand_boxes, object_boxes (np.ndarray, optional): become the ``gt_*`` fields.

    Args:
        meta_keys (Sequence[str]): Meta information to carry; participant, frames and narration of a segment are
            carried as well where there are any.
        normalize_first (bool): Normalise before resizing, as the ego pipeline does; False for the third-person
            pipeline of SUM-L. Defaults to True.
        swap_channels (bool): Turn BGR into RGB where the clips are made. Defaults to False.
    """

    def __init__(self, meta_keys: Sequence[str] = ('sample_id', 'uid', 'subset', 'view', 'sample_idx'),
                 normalize_first: bool = True, swap_channels: bool = False) -> None:
        self.meta_keys = tuple(meta_keys)
        self.normalize_first, self.swap_channels = normalize_first, swap_channels

    def transform(self, results: dict) -> dict:
        """Make what the loader sends.

        Args:
            results (dict): See the class.

        Returns:
            dict: ``inputs``, the fields of :class:`egoexo.structures.ClipViews` as a dict, and ``data_samples``
            (EgoExoDataSample).

        Raises:
            ConfigError: If a key is absent.
        """
        absent = [key for key in (*_NEEDED, *self.meta_keys) if key not in results]
        if absent:
            raise ConfigError(explain(
                f"PackClip, sample {results.get('sample_id')!r}", ', '.join(map(repr, absent)),
                f"only {', '.join(sorted(results))}", 'Add the transform that makes it, or change meta_keys.'))
        lighting = results.get('lighting')
        views = ClipViews(
            frames=torch.from_numpy(np.ascontiguousarray(results['frames'])),
            views=torch.from_numpy(results['view_rows']), crops=torch.from_numpy(results['crops']),
            crop_size=results['crop_size'], short_side=results['short_side'], flip=results['flip'],
            lighting=None if lighting is None else torch.from_numpy(lighting),
            normalize_first=self.normalize_first, swap_channels=self.swap_channels)
        keys = (*self.meta_keys, *(key for key in _OPTIONAL_META if key in results and key not in self.meta_keys))
        sample = EgoExoDataSample(metainfo={key: results[key] for key in keys})
        for field, (key, dtype) in _FIELDS.items():
            if results.get(key) is not None:
                sample.set_field(torch.from_numpy(np.array(results[key], dtype=dtype)), field)
        return dict(inputs=views.fields(), data_samples=sample)
