"""Batches of items of one size: vectors, pictures, or sentences."""

import torch
from mmengine.model import BaseDataPreprocessor

from egoexo.errors import FeatureError
from egoexo.registry import MODELS

__all__ = ['VectorDataPreprocessor']


@MODELS.register_module()
class VectorDataPreprocessor(BaseDataPreprocessor):
    """Moves a batch to the device as float32; sentences stay what they are.

    Examples:
        >>> batch = VectorDataPreprocessor()(dict(inputs=[torch.ones(3), torch.ones(3)]))
        >>> batch['inputs'].shape
        torch.Size([2, 3])
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        """Make one batch, or one of each domain.

        Args:
            data (dict): ``inputs``, a tensor (N, ...), N tensors of one shape, or N sentences; ``data_samples``, N
                samples. Or such a dict under each of ``source`` and ``target``.
            training (bool): Not used; nothing is drawn at random.

        Returns:
            dict: ``inputs``, a float32 tensor (N, ...) or N sentences, and ``data_samples``.

        Raises:
            FeatureError: If the tensors differ in shape.
        """
        if 'source' in data:
            return {domain: self.forward(batch, training) for domain, batch in data.items()}
        # Samples stay where they are: the model moves the labels of a batch at once.
        inputs, samples = data['inputs'], data.get('data_samples')
        if not isinstance(inputs, torch.Tensor):
            inputs = list(inputs)
            if all(isinstance(item, str) for item in inputs):
                return dict(inputs=inputs, data_samples=samples)
            if len({item.shape for item in inputs}) > 1:
                raise FeatureError(self._describe(inputs, samples))
            inputs = torch.stack(inputs)
        return dict(inputs=self.cast_data(inputs).float(), data_samples=samples)

    @staticmethod
    def _describe(inputs: list[torch.Tensor], samples: list | None) -> str:
        names = [sample.get('sample_id', '?') for sample in samples] if samples else ['?'] * len(inputs)
        sizes = {tuple(item.shape): name for name, item in zip(names[::-1], inputs[::-1], strict=True)}
        found = ', '.join(f'{name}: {shape}' for shape, name in sizes.items())
        return (f'VectorDataPreprocessor: expected {len(inputs)} inputs of one shape, found {found}. Check that every '
                'feature root of this dataloader holds the same features.')
