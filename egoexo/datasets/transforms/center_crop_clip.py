"""The middle of each frame of a clip."""

from mmcv.transforms import BaseTransform

from egoexo.datasets.transforms.clip_crop import check_sides, set_crops
from egoexo.registry import TRANSFORMS
from egoexo.utils.clip_geometry import centre_crop, resized_shape

__all__ = ['CenterCropClip']


@TRANSFORMS.register_module()
class CenterCropClip(BaseTransform):
    """Resize to a shorter side and take the central square, as the released loaders do for validation.

    Required Keys:
        - frame_shape (tuple[int, int])

    Added Keys:
        - short_side, crop_size (int)
        - crops (np.ndarray): Top and left, int64, (1, 2).
        - flip (bool): False.

    Args:
        size (int): Side of the crop. Defaults to 256.
        short_side (int, optional): Length of the shorter side after resizing; None (default) for ``size``.

    Raises:
        ConfigError: If the crop does not fit.
    """

    def __init__(self, size: int = 256, short_side: int | None = None) -> None:
        self.size, self.short_side = size, short_side or size
        check_sides('CenterCropClip', size, self.short_side)

    def transform(self, results: dict) -> dict:
        """Add the place of the crop; see the class."""
        shape = resized_shape(*results['frame_shape'], self.short_side)
        return set_crops(results, self.short_side, [centre_crop(*shape, self.size)], self.size)
