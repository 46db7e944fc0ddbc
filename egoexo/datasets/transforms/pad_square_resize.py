"""Pictures and masks of a pair as squares of one size."""

from collections.abc import Mapping

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from egoexo.datasets.recent_cache import RecentCache
from egoexo.datasets.square_mask import square_mask
from egoexo.errors import ConfigError, DataError, explain
from egoexo.evaluation.functional.correspondence_resize import pad_square
from egoexo.registry import TRANSFORMS

__all__ = ['PadSquareResizeNearest', 'fits']

#: Pixels of the stored picture by which its proportions may differ from those of the mask: sizes are rounded.
_TOLERANCE = 2


def fits(mask_size: tuple[int, int], picture_size: tuple[int, int]) -> bool:
    """Whether a mask and a picture of different resolution show the same section of a view.

    Args:
        mask_size (tuple[int, int]): Height and width.
        picture_size (tuple[int, int]): Height and width.

    Returns:
        bool: False if the mask, brought to the width of the picture, is more than 2 pixels higher or lower.

    Examples:
        >>> fits((2160, 3840), (540, 960)), fits((1408, 1408), (540, 960))
        (True, False)
    """
    scale = max(picture_size) / max(mask_size)
    return all(abs(mask * scale - side) <= _TOLERANCE for mask, side in zip(mask_size, picture_size, strict=True))


@TRANSFORMS.register_module()
class PadSquareResizeNearest(BaseTransform):
    """Pad pictures and masks with zeros to squares and resize them to the nearest pixel, pictures too.

    Source: file ``SegSwap/train/Dataloader.py`` of the released baseline of Ego-Exo4D relations, whose pixels it
    gives. The released code fails where height and width differ by an odd number; here the larger margin is then at
    the end.

    Required Keys:
        - query_picture, target_picture (np.ndarray): RGB, uint8, (H, W, 3).
        - query_rle (Rle), target_rle (Rle | None): Masks at their original resolution; None is an empty one.

    Modified Keys:
        - query_picture, target_picture (np.ndarray): RGB, uint8, (size, size, 3); items may share them.

    Added Keys:
        - query_mask, target_mask (np.ndarray): uint8 of 0 and 1, (size, size).

    Args:
        size (int): Side in pixels; the visibility branch of XSegTx needs 480, the default.
        cache_bytes (int): Resized pictures to keep per worker process, for items that share them.

    Raises:
        ConfigError: If ``size`` is not positive.
    """

    def __init__(self, size: int = 480, cache_bytes: int = 2**25) -> None:
        if not isinstance(size, int) or not 0 < size <= 4096:
            raise ConfigError(explain('PadSquareResizeNearest, size', 'a side of 1 to 4096 pixels', repr(size),
                                      'Correct it in the pipeline.'))
        self.size = size
        self._recent = RecentCache(cache_bytes)

    def transform(self, results: dict) -> dict:
        """Make the squares.

        Args:
            results (dict): See the class.

        Returns:
            dict: The same.

        Raises:
            AnnotationError: If a mask is damaged.
            DataError: If a mask has other proportions than its picture.
        """
        for role in ('query', 'target'):
            results[f'{role}_mask'] = self._mask(results, role)
            results[f'{role}_picture'] = self._square(results[f'{role}_picture'])
        return results

    def _mask(self, results: Mapping[str, object], role: str) -> np.ndarray:
        rle, picture = results[f'{role}_rle'], results[f'{role}_picture']
        if rle is None:
            return np.zeros((self.size, self.size), dtype=np.uint8)
        mask = square_mask(rle, self.size, f'{role} mask')
        if not fits(rle['size'], picture.shape[:2]):
            (height, width), (rows, columns) = rle['size'], picture.shape[:2]
            raise DataError(explain(results.get(f'{role}_path', f'{role} picture'),
                                    f'the proportions of its mask, {width}x{height}', f'{columns}x{rows}',
                                    'Extract the pictures again from the video that was annotated.'))
        return mask

    def _square(self, picture: np.ndarray) -> np.ndarray:
        # The picture is kept with its square, so that another one at the same address is not taken for it.
        known = self._recent.get(id(picture))
        if known is not None and known[0] is picture:
            return known[1]
        square = cv2.resize(pad_square(picture), (self.size, self.size), interpolation=cv2.INTER_NEAREST)
        self._recent.put(id(picture), (picture, square), picture.nbytes + square.nbytes)
        return square
