"""Bring the shorter side of a picture or clip to a length."""

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image

from egoexo.errors import ConfigError, explain
from egoexo.registry import TRANSFORMS

__all__ = ['ResizeShortSide', 'resize_frames']


def resize_frames(frames: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize with pillow's bilinear filter, which averages where it shrinks; as torchvision does with pictures.

    Args:
        frames (np.ndarray): RGB, uint8, (T, H, W, 3).
        height (int): New height.
        width (int): New width.

    Returns:
        np.ndarray: uint8, (T, height, width, 3); the same array where nothing changes.
    """
    if frames.shape[1:3] == (height, width):
        return frames
    return np.stack([np.asarray(Image.fromarray(frame).resize((width, height), Image.Resampling.BILINEAR))
                     for frame in frames])


@TRANSFORMS.register_module()
class ResizeShortSide(BaseTransform):
    """Resize to a given shorter side; the longer one follows, rounded down as in torchvision.

    Required Keys:
        - frames (np.ndarray): RGB, uint8, (T, H, W, 3).

    Modified Keys:
        - frames

    Args:
        size (int): Pixels of the shorter side.

    Examples:
        >>> ResizeShortSide(8)(dict(frames=np.zeros((1, 16, 21, 3), np.uint8)))['frames'].shape
        (1, 8, 10, 3)
    """

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ConfigError(explain('ResizeShortSide, size', 'at least 1', size, 'Correct it in the pipeline.'))
        self.size = size

    def transform(self, results: dict) -> dict:
        """Resize ``results['frames']``."""
        height, width = results['frames'].shape[1:3]
        longer = int(self.size * max(height, width) / min(height, width))
        sides = (self.size, longer) if height <= width else (longer, self.size)
        results['frames'] = resize_frames(results['frames'], *sides)
        return results
