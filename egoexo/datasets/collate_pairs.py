"""How pairs of pictures become a batch that holds each picture once."""

from collections.abc import Mapping, Sequence

import cv2
import torch
from mmengine.registry import FUNCTIONS

__all__ = ['collate_pairs']


# In MMEngine's own registry, because its runner looks nowhere else for collate functions.
@FUNCTIONS.register_module()
def collate_pairs(items: Sequence[Mapping]) -> dict:
    """Make one batch of N pairs with U distinct pictures, U from 1 to 2 N.

    Objects and exo cameras of one moment share pictures; a network computes the features of each one once.

    Args:
        items (Sequence[Mapping]): What :class:`egoexo.datasets.transforms.PackPair` made, all of one size.

    Returns:
        dict: ``inputs``, a dict of ``images`` (uint8, (U, 3, S, S), in the order of first use), ``query`` and
        ``target`` (int64, (N,), which of them), ``query_mask`` (uint8, (N, 1, S, S)) and ``hidden_tokens`` (bool,
        (N, T, T)); ``data_samples``, N of them.
    """
    inputs = [item['inputs'] for item in items]
    samples = [item['data_samples'] for item in items]
    numbers: dict[str, int] = {}
    pictures: list[torch.Tensor] = []
    places: dict[str, list[int]] = dict(query=[], target=[])
    for entry in inputs:
        for (role, used), key in zip(places.items(), entry['keys'], strict=True):
            if key not in numbers:
                numbers[key] = len(pictures)
                pictures.append(entry[role])
            used.append(numbers[key])
    # Rows of one tensor: a worker sends those once, which halves the time that a batch takes on its way.
    for field in ('gt_target_mask', 'gt_visible'):
        rows = torch.stack([sample.get(field) for sample in samples])
        for sample, row in zip(samples, rows, strict=True):
            sample.set_field(row, field)
    batch = dict(images=_stacked(pictures), **{role: torch.tensor(used) for role, used in places.items()},
                 query_mask=torch.stack([entry['query_mask'] for entry in inputs]),
                 hidden_tokens=torch.stack([entry['hidden_tokens'] for entry in inputs]))
    return dict(inputs=batch, data_samples=samples)


def _stacked(pictures: Sequence[torch.Tensor]) -> torch.Tensor:
    """Pictures (3, S, S) as (U, 3, S, S), channel planes one after the other in memory."""
    images = torch.empty((len(pictures), *pictures[0].shape), dtype=torch.uint8)
    for image, picture in zip(images, pictures, strict=True):
        pixels = picture.permute(1, 2, 0)
        if pixels.is_contiguous():
            cv2.split(pixels.numpy(), list(image.numpy()))  # writes into them, in a tenth of the time of a transpose
        else:
            image.copy_(picture)
    return images
