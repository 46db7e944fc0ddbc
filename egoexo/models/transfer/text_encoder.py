"""What all encoders of text have in common."""

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import nn

__all__ = ['TextEncoder']


class TextEncoder(nn.Module):
    """Turns sentences into rows of numbers; knows on which device its rows are wanted.

    Args:
        dim (int): Numbers per row, D.

    Attributes:
        dim (int): See above.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim
        # Follows Module.to(); a frozen encoder has no other tensor of its own.
        self.register_buffer('_place', torch.zeros(()), persistent=False)

    @property
    def device(self) -> torch.device:
        """Where the rows go."""
        return self._place.device

    @abstractmethod
    def forward(self, texts: Sequence[str]) -> torch.Tensor:
        """Encode.

        Args:
            texts (Sequence[str]): N sentences.

        Returns:
            torch.Tensor: float32, (N, D).
        """

    def fit_texts(self, texts: Sequence[str]) -> None:
        """Learn from the training texts what is learnt without labels; nothing, as a rule.

        Called once before training by ``FitEncoderHook``, and not again by a run that is resumed.

        Args:
            texts (Sequence[str]): All of them, in the order of the list.
        """

    def prepare(self, texts: Sequence[str]) -> None:
        """Work ahead for texts that will be asked for; nothing, as a rule.

        Args:
            texts (Sequence[str]): Any number; repeated ones cost nothing.
        """
