"""Batches of pairs of pictures with the mask of an object in one of them."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseDataPreprocessor

from egoexo.registry import MODELS

__all__ = ['PairDataPreprocessor']


@MODELS.register_module()
class PairDataPreprocessor(BaseDataPreprocessor):
    """Moves pictures to the device a byte per number and normalises them there, each distinct picture once.

    Padding is zero before it is normalised, as published. Masks become 0.0 and 1.0 and are not normalised.

    Args:
        mean (Sequence[float]): Of the channels R, G, B, in units of 255 grey levels; those of ImageNet by default.
        std (Sequence[float]): Of the channels R, G, B, in the same unit.
        **kwargs: See :class:`mmengine.model.BaseDataPreprocessor`.

    Examples:
        >>> inputs = dict(images=torch.full((1, 3, 2, 2), 255).byte(), query_mask=torch.ones(1, 1, 2, 2).byte())
        >>> batch = PairDataPreprocessor(mean=[0.5] * 3, std=[0.25] * 3)(dict(inputs=inputs, data_samples=[]))
        >>> batch['inputs']['images'][0, :, 0, 0]
        tensor([2., 2., 2.])
    """

    def __init__(self, mean: Sequence[float] = (0.485, 0.456, 0.406), std: Sequence[float] = (0.229, 0.224, 0.225),
                 **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.register_buffer('mean', torch.tensor(mean, dtype=torch.float32).view(3, 1, 1), persistent=False)
        self.register_buffer('std', torch.tensor(std, dtype=torch.float32).view(3, 1, 1), persistent=False)

    def forward(self, data: dict, training: bool = False) -> dict:
        """Make one batch.

        Args:
            data (dict): ``inputs`` as :func:`egoexo.datasets.collate_pairs` makes them: ``images`` (uint8,
                (U, 3, S, S)), ``query_mask`` (uint8, (N, 1, S, S)) and others; ``data_samples``.
            training (bool): Not used.

        Returns:
            dict: ``inputs`` with ``images`` and ``query_mask`` as float32, everything on the device, and
            ``data_samples``, which stay where they are.
        """
        inputs = self.cast_data(data['inputs'])
        images = inputs['images'].float().div_(255).sub_(self.mean).div_(self.std)
        return dict(inputs=inputs | dict(images=images, query_mask=inputs['query_mask'].float()),
                    data_samples=data.get('data_samples'))
