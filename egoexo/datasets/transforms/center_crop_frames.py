"""Cut a square from the middle of a picture or clip."""

from mmcv.transforms import BaseTransform

from egoexo.errors import ConfigError, explain
from egoexo.registry import TRANSFORMS

__all__ = ['CenterCropFrames']


@TRANSFORMS.register_module()
class CenterCropFrames(BaseTransform):
    """Keep the middle.

    Required Keys:
        - frames (np.ndarray): RGB, uint8, (T, H, W, 3), H and W not below ``size``.

    Modified Keys:
        - frames (np.ndarray): (T, size, size, 3), a view.

    Args:
        size (int): Side of the square in pixels.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def transform(self, results: dict) -> dict:
        """Cut ``results['frames']``.

        Args:
            results (dict): See the class.

        Returns:
            dict: The same.

        Raises:
            ConfigError: If a frame is smaller than the square.
        """
        height, width = results['frames'].shape[1:3]
        if min(height, width) < self.size:
            raise ConfigError(explain('CenterCropFrames', f'frames of at least {self.size}x{self.size}',
                                      f'{height}x{width}', 'Put ResizeShortSide in front of it.'))
        # round() takes the even neighbour of a half, as torchvision does.
        top, left = (round((side - self.size) / 2) for side in (height, width))
        results['frames'] = results['frames'][:, top:top + self.size, left:left + self.size]
        return results
