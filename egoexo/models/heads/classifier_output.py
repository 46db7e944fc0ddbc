"""What a classification head makes of a batch of vectors."""

from typing import NamedTuple

import torch

__all__ = ['ClassifierOutput']


class ClassifierOutput(NamedTuple):
    """Scores and the features in front of the last layer.

    Args:
        logits (torch.Tensor): Class logits, shape (N, C).
        feature (torch.Tensor): Input of the last layer, shape (N, F), before any normalisation.
    """

    logits: torch.Tensor
    feature: torch.Tensor

    def split(self, count: int) -> tuple['ClassifierOutput', 'ClassifierOutput']:
        """Cut behind the first ``count`` rows.

        Args:
            count (int): Rows of the first part.
        """
        return ClassifierOutput(*(item[:count] for item in self)), ClassifierOutput(*(item[count:] for item in self))
