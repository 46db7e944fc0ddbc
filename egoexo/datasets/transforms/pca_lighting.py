"""Draw a shift of colours."""

import numpy as np
from mmcv.transforms import BaseTransform

from egoexo.registry import TRANSFORMS

__all__ = ['PCALighting']

# Principal components of the colours of ImageNet, as in the released file; rows are red, green and blue.
_VALUES = np.array([0.225, 0.224, 0.229])
_VECTORS = np.array([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])


@TRANSFORMS.register_module()
class PCALighting(BaseTransform):
    """Draw how strongly each principal component of colour shifts a clip (Krizhevsky et al., NeurIPS 2012; SUM-L).

    The numbers of the shift, for values from 0 to 1, are added where the clip is made. They are drawn from numpy's
    global generator, after the crop.

    Required Keys:
        - channel_order (str): ``'bgr'`` or ``'rgb'``.

    Added Keys:
        - lighting (np.ndarray): Added to the channels in the order in which they are stored, float32, (3,).

    Args:
        std (float): Standard deviation of the draws. Defaults to 0.1.
    """

    def __init__(self, std: float = 0.1) -> None:
        self.std = std

    def transform(self, results: dict) -> dict:
        """Add ``lighting``; see the class."""
        strength = np.random.normal(0, self.std, size=(1, 3))  # noqa: NPY002 the official order of draws
        shift = np.sum(_VECTORS * np.repeat(strength, 3, axis=0) * _VALUES[None], axis=1)
        if results['channel_order'] == 'bgr':
            shift = shift[::-1]
        results['lighting'] = np.ascontiguousarray(shift, dtype=np.float32)
        return results
