"""Cut a random part out of a picture or clip and bring it to one size."""

import math
import random
from collections.abc import Sequence

from mmcv.transforms import BaseTransform

from egoexo.datasets.transforms.resize_short_side import resize_frames
from egoexo.errors import ConfigError, explain
from egoexo.registry import TRANSFORMS

__all__ = ['RandomResizedCropFrames']

_ATTEMPTS = 10


@TRANSFORMS.register_module()
class RandomResizedCropFrames(BaseTransform):
    """Crop of random area and aspect ratio, the same in all frames of a clip (Szegedy et al., CVPR 2015).

    Ten draws of an area (uniform) and an aspect ratio (uniform in its logarithm); the first that fits is placed at
    random. If none fits, the largest central part whose ratio is allowed is taken.

    Required Keys:
        - frames (np.ndarray): RGB, uint8, (T, H, W, 3).

    Modified Keys:
        - frames (np.ndarray): (T, size, size, 3).

    Args:
        size (int): Side of the result in pixels.
        scale (Sequence[float]): Least and largest share of the area.
        ratio (Sequence[float]): Least and largest width / height.

    Raises:
        ConfigError: If a range is empty.
    """

    def __init__(self, size: int, scale: Sequence[float] = (0.08, 1.0),
                 ratio: Sequence[float] = (3 / 4, 4 / 3)) -> None:
        if not (0 < scale[0] <= scale[1] <= 1 and 0 < ratio[0] <= ratio[1]):
            raise ConfigError(explain('RandomResizedCropFrames, scale and ratio', 'ranges (low, high) above 0, scale '
                                      'up to 1', f'scale={tuple(scale)}, ratio={tuple(ratio)}',
                                      'Correct them in the pipeline.'))
        self.size, self.scale, self.ratio = size, tuple(scale), tuple(ratio)

    def box(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Draw a part of a picture.

        Args:
            height (int): Of the picture.
            width (int): Of the picture.

        Returns:
            tuple[int, int, int, int]: Top, left, height and width of the part.
        """
        for _ in range(_ATTEMPTS):
            area = height * width * random.uniform(*self.scale)
            aspect = math.exp(random.uniform(*map(math.log, self.ratio)))
            wide, high = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if 0 < wide <= width and 0 < high <= height:
                return random.randint(0, height - high), random.randint(0, width - wide), high, wide
        aspect = min(max(width / height, self.ratio[0]), self.ratio[1])
        wide, high = min(width, round(height * aspect)), min(height, round(width / aspect))
        return (height - high) // 2, (width - wide) // 2, high, wide

    def transform(self, results: dict) -> dict:
        """Cut and resize ``results['frames']``."""
        frames = results['frames']
        top, left, high, wide = self.box(*frames.shape[1:3])
        results['frames'] = resize_frames(frames[:, top:top + high, left:left + wide], self.size, self.size)
        return results
