"""Batches of pictures or clips."""

from collections.abc import Sequence

import torch

from egoexo.models.data_preprocessors.vector import VectorDataPreprocessor
from egoexo.registry import MODELS

__all__ = ['PictureDataPreprocessor']


@MODELS.register_module()
class PictureDataPreprocessor(VectorDataPreprocessor):
    """Moves pictures to the device as they are stored, a byte per number, and normalises them there.

    Args:
        mean (Sequence[float]): Of the channels R, G, B, in grey levels; those of ImageNet by default.
        std (Sequence[float]): Of the channels R, G, B, in grey levels.
        **kwargs: See :class:`mmengine.model.BaseDataPreprocessor`.

    Examples:
        >>> batch = PictureDataPreprocessor(mean=[1, 2, 3], std=[1, 1, 1])(dict(inputs=torch.zeros(1, 3, 2, 2).byte()))
        >>> batch['inputs'][0, :, 0, 0]
        tensor([-1., -2., -3.])
    """

    def __init__(self, mean: Sequence[float] = (123.675, 116.28, 103.53),
                 std: Sequence[float] = (58.395, 57.12, 57.375), **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.register_buffer('mean', torch.tensor(mean, dtype=torch.float32), persistent=False)
        self.register_buffer('std', torch.tensor(std, dtype=torch.float32), persistent=False)

    def forward(self, data: dict, training: bool = False) -> dict:
        """Make one batch, or one of each domain.

        Args:
            data (dict): ``inputs``, RGB, uint8: (N, 3, H, W), clips (N, 3, T, H, W), several clips of each sample
                (N, V, 3, T, H, W), or a list of N of them; ``data_samples``. Or such a dict under each of ``source``
                and ``target``.
            training (bool): Not used.

        Returns:
            dict: ``inputs``, float32 of the same shape, and ``data_samples``.

        Raises:
            FeatureError: If pictures differ in size.
        """
        batch = super().forward(data, training)
        if 'source' not in batch:  # the batches of a pair have come through here one by one
            inputs = batch['inputs']
            shape = (3,) + (1,) * (2 if inputs.ndim == 4 else 3)
            batch['inputs'] = inputs.sub(self.mean.view(shape)).div_(self.std.view(shape))
        return batch
