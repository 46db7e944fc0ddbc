"""Read the two pictures of a pair."""

import numpy as np
from mmcv.transforms import BaseTransform

from egoexo.datasets.recent_cache import RecentCache
from egoexo.datasets.transforms.load_picture import read_picture
from egoexo.registry import TRANSFORMS

__all__ = ['LoadImagePair']


@TRANSFORMS.register_module()
class LoadImagePair(BaseTransform):
    """Decode the query and the target picture, to the pixel as OpenCV does it for files without orientation notes.

    Items that follow each other often share a picture (all objects and exo cameras of one moment), therefore the last
    ones are kept: within a batch a picture is decoded once as long as its pictures fit into ``cache_bytes``.

    Required Keys:
        - query_path (str)
        - target_path (str)

    Added Keys:
        - query_picture, target_picture (np.ndarray): RGB, uint8, (H, W, 3), read-only.
        - query_size, target_size (tuple[int, int]): Their height and width.

    Args:
        cache_bytes (int): Decoded pictures to keep per worker process. Defaults to 32 MiB, 20 of 960x540.
    """

    def __init__(self, cache_bytes: int = 2**25) -> None:
        self._recent = RecentCache(cache_bytes)

    def transform(self, results: dict) -> dict:
        """Add the pictures.

        Args:
            results (dict): See the class.

        Returns:
            dict: The same.

        Raises:
            DataError: If a picture cannot be read; names the file.
        """
        for role in ('query', 'target'):
            picture = self._read(results[f'{role}_path'])
            results[f'{role}_picture'] = picture
            results[f'{role}_size'] = picture.shape[:2]
        return results

    def _read(self, path: str) -> np.ndarray:
        picture = self._recent.get(path)
        if picture is None:
            picture = read_picture(path)
            picture.flags.writeable = False
            self._recent.put(path, picture, picture.nbytes)
        return picture
