"""What the transforms that place crops in clips share."""

from collections.abc import Sequence

import numpy as np

from egoexo.errors import ConfigError, explain

__all__ = ['check_sides', 'set_crops']


def check_sides(name: str, size: int, shortest: int) -> None:
    """Refuse crops that do not fit into the resized picture.

    Args:
        name (str): Transform.
        size (int): Side of the crop.
        shortest (int): Least length of the shorter side after resizing.

    Raises:
        ConfigError: If the crop is larger, or has no pixel.
    """
    if not 1 <= size <= shortest:
        raise ConfigError(explain(f'{name}, size', f'1 to {shortest}, the shorter side after resizing', size,
                                  'Correct it in the pipeline.'))


def set_crops(results: dict, short_side: int, corners: Sequence[tuple[int, int]], size: int,
              flip: bool = False) -> dict:
    """Note how the frames of a sample are to be resized, cropped and mirrored.

    Args:
        results (dict): The sample.
        short_side (int): Length of the shorter side after resizing.
        corners (Sequence[tuple[int, int]]): Top and left of each crop in the resized picture.
        size (int): Side of the crops.
        flip (bool): Exchange left and right.

    Returns:
        dict: The same, with ``short_side``, ``crops`` (int64, (K, 2)), ``crop_size`` and ``flip``.
    """
    results.update(short_side=short_side, crops=np.array(corners, dtype=np.int64).reshape(-1, 2), crop_size=size,
                   flip=flip)
    return results
