"""Both ends and the middle of each frame of a clip."""

from mmcv.transforms import BaseTransform

from egoexo.datasets.transforms.clip_crop import check_sides, set_crops
from egoexo.registry import TRANSFORMS
from egoexo.utils.clip_geometry import resized_shape, three_crops

__all__ = ['ThreeCropClip']


@TRANSFORMS.register_module()
class ThreeCropClip(BaseTransform):
    """Resize to a shorter side and take three squares along the longer one, as the released loaders do for tests.

    Required Keys:
        - frame_shape (tuple[int, int])

    Added Keys:
        - short_side, crop_size (int)
        - crops (np.ndarray): Top and left, int64, (3, 2), from left to right, or from the top of portrait frames.
        - flip (bool): False.

    Args:
        size (int): Side of the crops. Defaults to 256.
        short_side (int, optional): Length of the shorter side after resizing; None (default) for ``size``.

    Raises:
        ConfigError: If the crops do not fit.
    """

    def __init__(self, size: int = 256, short_side: int | None = None) -> None:
        self.size, self.short_side = size, short_side or size
        check_sides('ThreeCropClip', size, self.short_side)

    def transform(self, results: dict) -> dict:
        """Add the places of the crops; see the class."""
        shape = resized_shape(*results['frame_shape'], self.short_side)
        return set_crops(results, self.short_side, three_crops(*shape, self.size), self.size)
