"""The last transform of a pipeline of pictures or clips."""

from collections.abc import Sequence

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from egoexo.errors import ConfigError, explain
from egoexo.registry import TRANSFORMS
from egoexo.structures import EgoExoDataSample

__all__ = ['PackFrames']


@TRANSFORMS.register_module()
class PackFrames(BaseTransform):
    """Frames as the tensor that the network sees, still grey levels, and the sample.

    Required Keys:
        - frames (np.ndarray): RGB, uint8, (T, H, W, 3).
        - all of ``meta_keys``
        - label (int, optional): Class id; becomes ``gt_label``.

    Args:
        clip_len (int, optional): None (default) for a picture, T = 1: ``inputs`` (3, H, W). Else frames per clip:
            ``inputs`` (3, clip_len, H, W), or (V, 3, clip_len, H, W) for V clips of T = V x clip_len frames. Frames
            left over at the end are dropped.
        meta_keys (Sequence[str]): Meta information to carry.
    """

    def __init__(self, clip_len: int | None = None,
                 meta_keys: Sequence[str] = ('sample_id', 'uid', 'subset', 'view', 'sample_idx')) -> None:
        self.clip_len = clip_len
        self.meta_keys = tuple(meta_keys)

    def transform(self, results: dict) -> dict:
        """Make the sample that the model gets.

        Args:
            results (dict): See the class.

        Returns:
            dict: ``inputs`` (Tensor, uint8) and ``data_samples`` (EgoExoDataSample).

        Raises:
            ConfigError: If the number of frames does not fit or a key is absent.
        """
        absent = [key for key in ('frames', *self.meta_keys) if key not in results]
        if absent:
            raise ConfigError(explain(
                f"PackFrames, sample {results.get('sample_id')!r}", ', '.join(map(repr, absent)),
                f"only {', '.join(sorted(results))}", 'Add the transform that makes it, or change meta_keys.'))
        frames = results['frames']
        num_clips = len(frames) // (self.clip_len or 1)
        if num_clips < 1 or (self.clip_len is None and num_clips > 1):
            raise ConfigError(explain('PackFrames, clip_len', 'None for one picture, else the frames of a clip',
                                      f'clip_len={self.clip_len} and {len(frames)} frames',
                                      'Correct it in the pipeline.'))
        sample = EgoExoDataSample(metainfo={key: results[key] for key in self.meta_keys})
        if 'label' in results:
            sample.gt_label = torch.tensor(results['label'])
        # (T, H, W, 3) to channels first; contiguous, because a batch is stacked from these.
        inputs = frames[0].transpose(2, 0, 1) if self.clip_len is None else self._clips(frames, num_clips)
        return dict(inputs=torch.from_numpy(np.ascontiguousarray(inputs)), data_samples=sample)

    def _clips(self, frames: np.ndarray, num_clips: int) -> np.ndarray:
        clips = frames[:num_clips * self.clip_len].reshape(num_clips, self.clip_len, *frames.shape[1:])
        clips = clips.transpose(0, 4, 1, 2, 3)
        return clips[0] if num_clips == 1 else clips
