"""Batching of feature sequences of unequal length."""

import torch
from mmengine.model import BaseDataPreprocessor

from egoexo.errors import FeatureError
from egoexo.registry import MODELS

__all__ = ['SequenceDataPreprocessor']


@MODELS.register_module()
class SequenceDataPreprocessor(BaseDataPreprocessor):
    """Moves sequences to the device, casts them to float32, pads them with zeros and says where the padding is.

    Examples:
        >>> batch = SequenceDataPreprocessor()(dict(inputs=[torch.ones(4, 3), torch.ones(4, 2)]))
        >>> batch['inputs'].shape, batch['mask'].sum(1)
        (torch.Size([2, 4, 3]), tensor([3, 2]))
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        """Make one batch, or one of each domain.

        Args:
            data (dict): ``inputs``, N tensors of shape (D, S_n) and any float type, or one of shape (N, D, S);
                ``data_samples``, N samples. Or such a dict under each of ``source`` and ``target``.
            training (bool): Not used; nothing is drawn at random.

        Returns:
            dict: ``inputs`` float32 (N, D, S) with S the longest S_n, ``mask`` bool (N, S), ``data_samples``; a pair
            of domains stays one, each padded on its own.

        Raises:
            FeatureError: If the sequences have different dimensions or one has no step.
        """
        if 'source' in data:
            return {domain: self.forward(batch, training) for domain, batch in data.items()}
        # Samples stay where they are: heads move the labels of a batch at once, one by one costs a tenth of a step.
        sequences = self.cast_data(data['inputs'])
        samples = data.get('data_samples')
        lengths = [sequence.shape[-1] for sequence in sequences]
        if min(lengths) < 1 or len({sequence.shape[0] for sequence in sequences}) > 1:
            raise FeatureError(self._describe(sequences, samples))
        if isinstance(sequences, torch.Tensor):
            inputs = sequences.float()
        elif len(sequences) == 1:
            inputs = sequences[0].float().unsqueeze(0)
        else:
            # Filled as (N, S, D): that is how features lie in their files and how the first layer wants them.
            padded = sequences[0].new_zeros((len(sequences), max(lengths), sequences[0].shape[0]), dtype=torch.float32)
            for row, sequence, length in zip(padded, sequences, lengths, strict=True):
                row[:length] = sequence.t()
            inputs = padded.transpose(1, 2)
        steps = torch.arange(max(lengths), device=inputs.device)
        mask = steps < torch.tensor(lengths, device=inputs.device).unsqueeze(1)
        return dict(inputs=inputs, mask=mask, data_samples=samples)

    @staticmethod
    def _describe(sequences: list[torch.Tensor], samples: list | None) -> str:
        names = [sample.get('sample_id', '?') for sample in samples] if samples else ['?'] * len(sequences)
        found = ', '.join(f'{name}: {tuple(item.shape)}' for name, item in zip(names, sequences, strict=True))
        return ('SequenceDataPreprocessor: expected sequences of shape (D, S) with one D for all and S >= 1, found '
                f'{found}. Check that every feature root of this dataloader holds the same features.')
