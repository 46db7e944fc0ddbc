"""Mirror a picture or clip at random."""

import random

from mmcv.transforms import BaseTransform

from egoexo.registry import TRANSFORMS

__all__ = ['FlipFrames']


@TRANSFORMS.register_module()
class FlipFrames(BaseTransform):
    """Exchange left and right, in all frames or in none.

    Required Keys:
        - frames (np.ndarray): (T, H, W, 3).

    Modified Keys:
        - frames

    Args:
        prob (float): How often. Defaults to 0.5.
    """

    def __init__(self, prob: float = 0.5) -> None:
        self.prob = prob

    def transform(self, results: dict) -> dict:
        """Perhaps mirror ``results['frames']``."""
        if random.random() < self.prob:
            results['frames'] = results['frames'][:, :, ::-1]
        return results
