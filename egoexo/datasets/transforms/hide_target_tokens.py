"""Hide what surrounds the object in the target picture from attention, in training."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from egoexo.errors import ConfigError, explain
from egoexo.evaluation.functional.correspondence_resize import nearest_resize
from egoexo.registry import TRANSFORMS

__all__ = ['HideTargetTokens', 'num_tokens']


def num_tokens(size: int, stride: int, where: str) -> int:
    """Tokens along a side of a picture.

    Args:
        size (int): Side of the picture.
        stride (int): Pixels per token.
        where (str): Transform, for the message.

    Returns:
        int: ``size / stride``.

    Raises:
        ConfigError: If that is no whole number above 0.
    """
    if stride < 1 or size % stride or not size:
        raise ConfigError(explain(f'{where}, stride', f'a divisor of {size}, the side of the picture', repr(stride),
                                  'Change stride or the size of PadSquareResizeNearest.'))
    return size // stride


@TRANSFORMS.register_module()
class HideTargetTokens(BaseTransform):
    """Hide, in a part of the positive training pairs, all tokens of the target picture but those of the object.

    The hidden ones do not count as keys of attention. This tells the network where the object is; the published
    baseline is trained like that (inherited from SegSwap) and tested without. One number is drawn from torch per
    sample, whether the pair is positive or not; none where ``test_mode`` is set.

    Source: file ``SegSwap/train/Dataloader.py`` of the released baseline, ``RM2``.

    Required Keys:
        - target_mask (np.ndarray): uint8 of 0 and 1, (S, S).
        - test_mode (bool, optional)

    Added Keys:
        - hidden_tokens (np.ndarray): bool, (S / stride, S / stride); True is hidden.

    Args:
        prob (float): Share of pairs. Defaults to 0.5; 0 tells the network nothing.
        stride (int): Pixels per token. Defaults to 16.

    Raises:
        ConfigError: If an argument is out of range.
    """

    def __init__(self, prob: float = 0.5, stride: int = 16) -> None:
        if not 0 <= prob <= 1:
            raise ConfigError(explain('HideTargetTokens, prob', 'a number from 0 to 1', repr(prob),
                                      'Correct it in the pipeline.'))
        self.prob, self.stride = prob, stride

    def transform(self, results: dict) -> dict:
        """Add ``hidden_tokens``.

        Args:
            results (dict): See the class.

        Returns:
            dict: The same.

        Raises:
            ConfigError: If ``stride`` does not divide the side of the mask.
        """
        mask = results['target_mask']
        tokens = num_tokens(len(mask), self.stride, 'HideTargetTokens')
        hidden = np.zeros((tokens, tokens), dtype=bool)
        if not results.get('test_mode', False) and bool(torch.rand(1) > 1 - self.prob):
            small = nearest_resize(mask, (tokens, tokens))
            if small.any():
                hidden = small == 0
        results['hidden_tokens'] = hidden
        return results
