"""Loss of a pair of object masks and of the object's visibility."""

import torch
from mmengine.model import BaseModule
from torch import Tensor
from torch.nn import functional as F

from egoexo.errors import ConfigError, explain
from egoexo.registry import MODELS

__all__ = ['PairMaskLoss']


@MODELS.register_module()
class PairMaskLoss(BaseModule):
    """Weighted cross entropy and Dice of both masks, cross entropy of the visibility, as XSegTx is trained.

    Letters: N pairs, S side of the maps. A pair is *positive* when the object is visible in the target view.

    * ``loss_mask``: cross entropy per pixel, object pixels times ``positive_weight``. Negative pairs add zero for both
      views and count in the mean over all 2 N S S pixels, as released.
    * ``loss_dice``: ``1 - (2 sum(o t) + 1) / (sum(o) + sum(t) + 1)`` per map, mean over the maps of positive pairs. A
      batch without any gives 0, where the released code gives NaN.
    * ``loss_visibility``: cross entropy of the visibility over all pairs.
    * ``acc_pos``: share of the object pixels of positive pairs above 0.5. ``acc_neg``: pixels not above 0.5 that are
      no object pixels of a positive pair, as a share of all pixels outside objects; the numerator also has the query
      objects of negative pairs, as released, so that it can pass 1. ``acc``: mean of the two. Both views together; 0
      where there is nothing to share.

    Computed in float32 whatever the type of the maps, since cross entropy of probabilities needs it. Source:
    Ego-Exo4D relations, XSegTx, released with Grauman et al., CVPR 2024.

    Args:
        positive_weight (float): Weight of object pixels in the cross entropy. Defaults to 10.
        mask_weight (float): Factor of ``loss_mask``.
        dice_weight (float): Factor of ``loss_dice``.
        visibility_weight (float): Factor of ``loss_visibility``.

    Raises:
        ConfigError: If a number is negative.
    """

    def __init__(self, positive_weight: float = 10.0, mask_weight: float = 1.0, dice_weight: float = 1.0,
                 visibility_weight: float = 1.0) -> None:
        super().__init__()
        numbers = dict(positive_weight=positive_weight, mask_weight=mask_weight, dice_weight=dice_weight,
                       visibility_weight=visibility_weight)
        if min(numbers.values()) < 0:
            raise ConfigError(explain('PairMaskLoss', 'weights of at least 0', numbers, 'Correct model.loss.'))
        self.positive_weight, self.mask_weight = positive_weight, mask_weight
        self.dice_weight, self.visibility_weight = dice_weight, visibility_weight

    def forward(self, query_map: Tensor, target_map: Tensor, visibility: Tensor, query_mask: Tensor,
                target_mask: Tensor, visible: Tensor) -> dict[str, Tensor]:
        """Compute the losses of a batch.

        Args:
            query_map (Tensor): Probabilities of the object in the query view, shape (N, 1, S, S) or (N, S, S).
            target_map (Tensor): The same of the target view.
            visibility (Tensor): Probability that the target view shows the object, shape (N, 1) or (N,).
            query_mask (Tensor): 1 on the object, else 0; any type, shape of ``query_map`` with or without the 1.
            target_mask (Tensor): The same of the target view.
            visible (Tensor): True for positive pairs, shape (N,).

        Returns:
            dict[str, Tensor]: float32 scalars ``loss_mask``, ``loss_dice``, ``loss_visibility``, and without gradient
            ``acc``, ``acc_pos``, ``acc_neg``.

        Raises:
            ConfigError: If a mask has not the shape of its map.
        """
        with torch.autocast(query_map.device.type, enabled=False):
            visible = visible.flatten().bool()
            views = [_View(*_rows(query_map, query_mask), visible, self.positive_weight),
                     _View(*_rows(target_map, target_mask), visible, self.positive_weight)]
            num_positive = 2 * visible.sum()
            loss_visibility = F.binary_cross_entropy(visibility.flatten().float(), visible.float())
            return dict(
                loss_mask=self.mask_weight * sum(view.cross_entropy for view in views)
                / sum(view.num_pixels for view in views),
                loss_dice=self.dice_weight * sum(view.dice for view in views) / num_positive.clamp(min=1),
                loss_visibility=self.visibility_weight * loss_visibility, **_accuracies(views))


class _View:
    """Sums over the maps of one view; those with a gradient first, then counts for the accuracies.

    Args:
        probs (Tensor): float32, shape (N, P) for P pixels.
        target (Tensor): float32, the same shape.
        visible (Tensor): bool, shape (N,).
        positive_weight (float): Weight of object pixels.
    """

    def __init__(self, probs: Tensor, target: Tensor, visible: Tensor, positive_weight: float) -> None:
        positive = visible.to(probs.dtype)
        is_object = target == 1
        weight = torch.where(is_object, positive_weight * positive[:, None], positive[:, None])
        self.num_pixels = probs.numel()
        self.cross_entropy = F.binary_cross_entropy(probs, target, weight, reduction='sum')
        overlap, area = torch.linalg.vecdot(probs, target), probs.sum(1) + target.sum(1)
        self.dice = ((1 - (2 * overlap + 1) / (area + 1)) * positive).sum()
        with torch.no_grad():
            found = probs > 0.5
            num_objects, num_hits = is_object.sum(1), (found & is_object).sum(1)
            # Per pair, so that the flag of the pair enters numbers and no further map.
            self.num_objects, self.num_hits = num_objects[visible].sum(), num_hits[visible].sum()
            self.num_background = self.num_pixels - num_objects.sum()
            num_quiet = self.num_pixels - found.sum()
            self.num_rejected = num_quiet - (self.num_objects - self.num_hits)


def _rows(probs: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Map and mask as float32 rows (N, P)."""
    if probs.squeeze(1).shape != mask.squeeze(1).shape:
        raise ConfigError(explain('PairMaskLoss', 'a mask of the shape of its map', f'maps {tuple(probs.shape)} and '
                                  f'masks {tuple(mask.shape)}', 'Give pipeline and model the same input size.'))
    return probs.flatten(1).float(), mask.flatten(1).float()


def _accuracies(views: list[_View]) -> dict[str, Tensor]:
    """Pixel accuracies of both views together."""
    counts = {name: sum(getattr(view, name) for view in views)
              for name in ('num_hits', 'num_objects', 'num_rejected', 'num_background')}
    acc_pos = counts['num_hits'] / counts['num_objects'].clamp(min=1)
    acc_neg = counts['num_rejected'] / counts['num_background'].clamp(min=1)
    return dict(acc=(acc_pos + acc_neg) / 2, acc_pos=acc_pos, acc_neg=acc_neg)
