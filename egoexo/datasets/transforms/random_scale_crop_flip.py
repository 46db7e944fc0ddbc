"""Draw how a clip is resized, cropped and mirrored for training."""

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from egoexo.datasets.transforms.clip_crop import check_sides, set_crops
from egoexo.errors import ConfigError, explain
from egoexo.registry import TRANSFORMS
from egoexo.utils.clip_geometry import draw_crop, draw_short_side, resized_shape

__all__ = ['RandomScaleCropFlip']


@TRANSFORMS.register_module()
class RandomScaleCropFlip(BaseTransform):
    """Draw scale, place and mirror of a training clip, the same for all its frames (PySlowFast, Ego-Exo, SUM-L).

    Only numbers are drawn; the pixels change where the clip is made (:class:`egoexo.structures.ClipViews`). Draws come
    from numpy's global generator in the released order: length of the shorter side, top and left where there is room,
    mirror.

    Required Keys:
        - frame_shape (tuple[int, int])

    Added Keys:
        - short_side, crop_size (int)
        - crops (np.ndarray): Top and left, int64, (1, 2).
        - flip (bool)

    Args:
        scale (Sequence[int]): Least and largest length of the shorter side. Defaults to (256, 320).
        size (int): Side of the crop. Defaults to 224.
        flip (float): How often to mirror; with 0 nothing is drawn for it. Defaults to 0.5.
        inverse (bool): Draw the length uniformly in its inverse (``INV_UNIFORM_SAMPLE``). Defaults to False.

    Raises:
        ConfigError: If a range is empty or the crop does not fit.
    """

    def __init__(self, scale: Sequence[int] = (256, 320), size: int = 224, flip: float = 0.5,
                 inverse: bool = False) -> None:
        if len(scale) != 2 or not 1 <= scale[0] <= scale[1]:
            raise ConfigError(explain('RandomScaleCropFlip, scale', 'least and largest length', tuple(scale),
                                      'Correct it in the pipeline.'))
        check_sides('RandomScaleCropFlip', size, scale[0])
        self.scale, self.size, self.flip, self.inverse = tuple(scale), size, flip, inverse

    def transform(self, results: dict) -> dict:
        """Add what was drawn; see the class."""
        short_side = draw_short_side(self.scale, self.inverse)
        corner = draw_crop(*resized_shape(*results['frame_shape'], short_side), self.size)
        flip = bool(self.flip) and np.random.uniform() < self.flip  # noqa: NPY002 the official order of draws
        return set_crops(results, short_side, [corner], self.size, flip)
