"""Knowledge of a teacher for the scores of a student, as in Ego-Exo's pre-training."""

import torch
from mmengine.model import BaseModule
from torch import Tensor
from torch.nn import functional as F

from egoexo.errors import ConfigError, explain
from egoexo.registry import MODELS

__all__ = ['DistillationLoss']

_COLUMN = {'nonego': 0, 'ego': 1}


@MODELS.register_module()
class DistillationLoss(BaseModule):
    """Divergence of Kullback and Leibler of the student from the teacher, in float32.

    ``alpha * temperature ** 2 * KL(softmax(teacher / temperature) || softmax(student / temperature))``, mean over the
    clips. Clips may be weighted by how egocentric they are, ``softmax(weight)``; then the weighted mean is taken.
    Source: Li et al., "Ego-Exo", CVPR 2021, as released.

    Args:
        alpha (float): Factor of the result. Defaults to 0.5, that of object scores; ego scores have 0.1.
        temperature (float): Defaults to 1.
        weighting (str, optional): ``'ego'`` or ``'nonego'`` weights clips by their ego scores of the teacher,
            ``gt_ego_logits``.

    Raises:
        ConfigError: If a number is not positive or the weighting unknown.
    """

    #: The target is ``gt_<task>_logits``, the result ``loss_<task>_score``.
    target_kind, name_suffix = 'logits', '_score'

    def __init__(self, alpha: float = 0.5, temperature: float = 1.0, weighting: str | None = None) -> None:
        super().__init__()
        if alpha <= 0 or temperature <= 0 or weighting not in (None, *_COLUMN):
            raise ConfigError(explain('DistillationLoss', "a positive alpha and temperature, weighting None, 'ego' or "
                                      "'nonego'", f'{alpha=}, {temperature=}, {weighting=}', 'Correct model.losses.'))
        self.alpha, self.temperature, self.weighting = alpha, temperature, weighting

    @property
    def weight_field(self) -> str | None:
        """Field of the data samples that weights the clips."""
        return None if self.weighting is None else 'gt_ego_logits'

    def forward(self, student: Tensor, teacher: Tensor, weight: Tensor | None = None) -> Tensor:
        """Compute the loss.

        Args:
            student (Tensor): Logits, any float type, (N, C).
            teacher (Tensor): Logits, float32, (N, C).
            weight (Tensor, optional): Ego scores of the teacher, logits (N, 2), the second one egocentric; needed with
                a ``weighting``.

        Returns:
            Tensor: float32 scalar.
        """
        log_student = (student.float() / self.temperature).log_softmax(-1)
        divergence = F.kl_div(log_student, (teacher / self.temperature).softmax(-1), reduction='none').sum(-1)
        if self.weighting is None:
            mean = divergence.mean()
        else:
            share = weight.softmax(-1)[:, _COLUMN[self.weighting]]
            mean = torch.dot(share, divergence) / share.sum()
        return self.alpha * self.temperature ** 2 * mean
