"""Moving class centres of both domains."""

import torch
from mmengine.model import BaseModule

__all__ = ['Centroids']


class Centroids(BaseModule):
    """Exponential averages of the features of each class, one set per domain.

    Source: Xie et al., "Learning Semantic Representations for Unsupervised Domain Adaptation" (MSTN), ICML 2018.

    Args:
        num_classes (int): C.
        channels (int): F.
    """

    def __init__(self, num_classes: int, channels: int) -> None:
        super().__init__()
        self.register_buffer('source', torch.zeros(num_classes, channels))
        self.register_buffer('target', torch.zeros(num_classes, channels))

    @staticmethod
    def class_means(features: torch.Tensor, labels: torch.Tensor, num_classes: int) -> torch.Tensor:
        """Mean feature of each class; zeros, as published, for a class without steps.

        Args:
            features (torch.Tensor): Shape (R, F).
            labels (torch.Tensor): int64 class ids, shape (R,).
            num_classes (int): C.

        Returns:
            torch.Tensor: Shape (C, F).
        """
        sums = features.new_zeros(num_classes, features.shape[1]).index_add(0, labels, features)
        counts = torch.bincount(labels, minlength=num_classes).clamp(min=1)
        return sums / counts.unsqueeze(1)

    def update(self, source: torch.Tensor, source_labels: torch.Tensor, target: torch.Tensor,
               target_labels: torch.Tensor, ratio: float = 0.7) -> tuple[torch.Tensor, torch.Tensor]:
        """Move the centres; the buffers keep the result without its gradient.

        Args:
            source (torch.Tensor): Source features, shape (R, F).
            source_labels (torch.Tensor): True classes, shape (R,).
            target (torch.Tensor): Target features, shape (Q, F).
            target_labels (torch.Tensor): Predicted classes, shape (Q,).
            ratio (float): Share of the old centre.

        Returns:
            tuple[torch.Tensor, torch.Tensor]: New source and target centres, shape (C, F), with gradient.
        """
        moved = []
        for name, features, labels in (('source', source, source_labels), ('target', target, target_labels)):
            old = getattr(self, name)
            new = ratio * old + (1 - ratio) * self.class_means(features, labels, len(old))
            setattr(self, name, new.detach())
            moved.append(new)
        return moved[0], moved[1]
