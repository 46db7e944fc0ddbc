"""Read a picture file."""

from pathlib import Path

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image, WebPImagePlugin

from egoexo.errors import DataError, explain
from egoexo.files import check_file
from egoexo.registry import TRANSFORMS

__all__ = ['LoadPicture', 'read_picture']

#: What pillow may take a file for, whatever its name says; it knows WebP once its module is imported.
_FORMATS = ('JPEG', 'PNG', 'GIF', 'BMP', WebPImagePlugin.WebPImageFile.format)
#: A file of a few bytes can announce a picture of gigabytes.
MAX_PIXELS = 2**26


def read_picture(path: str | Path) -> np.ndarray:
    """Decode a whole picture; turned as it is stored, whatever its camera notes about that.

    Args:
        path (str | Path): The file.

    Returns:
        np.ndarray: RGB, uint8, (H, W, 3).

    Raises:
        DataError: If the file is missing, no picture, truncated, or larger than :data:`MAX_PIXELS`.
    """
    check_file(path, DataError, 'a picture')
    try:
        with Image.open(path, formats=_FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise ValueError(f'{picture.width} x {picture.height} pixels, more than {MAX_PIXELS:,}')
            return np.array(picture.convert('RGB'))
    except Exception as error:  # pillow's decoders fail in many ways; all of them mean the same to the caller
        reason = (str(error).strip().splitlines() or [''])[0][:200]
        raise DataError(explain(path, 'a picture', f'data that cannot be decoded ({type(error).__name__}: {reason})',
                                'It is damaged or of another kind. Fetch it again, or leave it out with '
                                'exclude=[...].')) from error


@TRANSFORMS.register_module()
class LoadPicture(BaseTransform):
    """Decode the picture of a sample.

    Required Keys:
        - picture_path (str)

    Added Keys:
        - frames (np.ndarray): RGB, uint8, (1, H, W, 3): a clip of one frame.
    """

    def transform(self, results: dict) -> dict:
        """Add ``frames``.

        Args:
            results (dict): See the class.

        Returns:
            dict: The same.

        Raises:
            DataError: If the picture cannot be read.
        """
        results['frames'] = read_picture(results['picture_path'])[None]
        return results
