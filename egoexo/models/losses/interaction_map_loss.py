"""Loss of the maps that say where hands and touched objects are."""

from mmengine.model import BaseModule
from torch import Tensor
from torch.nn import functional as F

from egoexo.errors import ConfigError, explain
from egoexo.registry import MODELS

__all__ = ['InteractionMapLoss']


@MODELS.register_module()
class InteractionMapLoss(BaseModule):
    """Binary cross entropy per position, mean over all clips, frames and positions, hands and objects apart.

    Source: interaction maps of Ego-Exo, Li et al., CVPR 2021, as released.

    Args:
        hand_weight (float): Factor of ``loss_hand``. Defaults to 3, the weight on EPIC-Kitchens; Kinetics has 1.
        object_weight (float): Factor of ``loss_object``.
        positive_weight (float): Weight of the positions inside boxes. Defaults to 1.

    Raises:
        ConfigError: If a number is negative.
    """

    def __init__(self, hand_weight: float = 3.0, object_weight: float = 3.0, positive_weight: float = 1.0) -> None:
        super().__init__()
        if min(hand_weight, object_weight, positive_weight) < 0:
            raise ConfigError(explain('InteractionMapLoss', 'weights of at least 0',
                                      f'{hand_weight=}, {object_weight=}, {positive_weight=}',
                                      'Correct model.auxiliary_head.loss.'))
        self.hand_weight, self.object_weight, self.positive_weight = hand_weight, object_weight, positive_weight

    def forward(self, maps: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Compute both losses.

        Args:
            maps (Tensor): Logits of hands and of objects, any float type, (N, 2, T, S, S).
            targets (Tensor): float32 from 0 to 1, (N, 2, T, S, S).

        Returns:
            dict[str, Tensor]: ``loss_hand`` and ``loss_object``, float32 scalars.
        """
        positive = maps.new_full((), self.positive_weight, dtype=targets.dtype)
        found = {name: F.binary_cross_entropy_with_logits(maps[:, row].float(), targets[:, row], pos_weight=positive)
                 for row, name in enumerate(('hand', 'object'))}
        return dict(loss_hand=self.hand_weight * found['hand'], loss_object=self.object_weight * found['object'])
