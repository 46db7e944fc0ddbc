"""Two linear layers over the set of the steps already done and the newest of them."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from egoexo.errors import ConfigError, explain
from egoexo.models.planning.step_history import StepHistoryPlanner, steps_cross_entropy
from egoexo.registry import MODELS

__all__ = ['HistoryPerceptron']


@MODELS.register_module()
class HistoryPerceptron(StepHistoryPlanner):
    """Which steps were done at all, and which were the last ones: all coming steps at once from that.

    Input, of size C + num_last (C + 1): 1 for each class done so far; for each of the newest steps its class, or that
    there is none.

    Args:
        num_last (int): Newest steps whose order is seen.
        width (int): Hidden units, F.
        dropout_input (float): Dropout of the input.
        dropout (float): Dropout of the hidden units.
        label_smoothing (float): Of the cross entropy.
        **kwargs: Arguments of :class:`StepHistoryPlanner`.

    Raises:
        ConfigError: If a number is out of range.

    Examples:
        >>> model = HistoryPerceptron(num_classes=3, num_last=2)
        >>> model.encode([torch.tensor([2, 0, 2])])                     # 0 and 2 were done; 2 was last, before it 0
        tensor([[1., 0., 1., 0., 0., 1., 0., 1., 0., 0., 0.]])
        >>> model.encode([torch.tensor([], dtype=torch.int64)])
        tensor([[0., 0., 0., 0., 0., 0., 1., 0., 0., 0., 1.]])
    """

    def __init__(self, num_classes: int = 27, horizon: int = 8, num_last: int = 3, width: int = 256,
                 dropout_input: float = 0.2, dropout: float = 0.5, label_smoothing: float = 0.0,
                 **kwargs: object) -> None:
        super().__init__(num_classes, horizon, **kwargs)
        for name, value in (('num_last', num_last), ('width', width)):
            if value < 1:
                raise ConfigError(explain(f'HistoryPerceptron, {name}', 'at least 1', repr(value),
                                          'Correct it in the config.'))
        self.num_last = num_last
        self.label_smoothing = label_smoothing
        self.layers = nn.Sequential(
            nn.Dropout(dropout_input), nn.Linear(num_classes + num_last * (num_classes + 1), width), nn.ReLU(),
            nn.Dropout(dropout), nn.Linear(width, horizon * num_classes))

    def encode(self, past: Sequence[torch.Tensor]) -> torch.Tensor:
        """Input of the layers.

        Args:
            past (Sequence[torch.Tensor]): Class ids done, N of shape (H_n,), oldest first.

        Returns:
            torch.Tensor: Zeros and ones, float32 on the device of the weights, (N, C + num_last (C + 1)).
        """
        classes = self.num_classes
        done = torch.zeros(len(past), classes)
        last = torch.full((len(past), self.num_last), classes)
        for row, steps in enumerate(past):
            done[row, steps.cpu()] = 1
            newest = steps.flip(0)[:self.num_last]
            last[row, :len(newest)] = newest
        inputs = torch.cat([done, F.one_hot(last, classes + 1).flatten(1).float()], 1)
        return inputs.to(self.layers[1].weight.device)

    def log_probabilities(self, past: Sequence[torch.Tensor]) -> torch.Tensor:
        """See :meth:`StepHistoryPlanner.log_probabilities`; float32 on the device of the weights.

        Args:
            past (Sequence[torch.Tensor]): Class ids done, N of shape (H_n,).
        """
        return self._logits(past).log_softmax(-1)

    def loss(self, past: Sequence[torch.Tensor], future: torch.Tensor) -> dict[str, torch.Tensor]:
        """Cross entropy over all coming steps.

        Args:
            past (Sequence[torch.Tensor]): Class ids done, N of shape (H_n,).
            future (torch.Tensor): Class ids to come, (N, Z), -1 where there is none.

        Returns:
            dict[str, torch.Tensor]: ``loss_ce``; zero, not NaN, for a batch without any label.
        """
        return dict(loss_ce=steps_cross_entropy(self._logits(past), future, self.label_smoothing))

    def _logits(self, past: Sequence[torch.Tensor]) -> torch.Tensor:
        return self.layers(self.encode(past)).view(-1, self.horizon, self.num_classes)
