"""The domain branches beside a classifier of vectors: DANN and CDAN.

Letters: N source and Q target rows, F numbers of the feature, C classes.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from egoexo.errors import ConfigError, explain
from egoexo.models.adaptation.adaptation import Adaptation
from egoexo.models.adaptation.centroids import Centroids
from egoexo.models.adaptation.domain_level import DomainLevel
from egoexo.models.adaptation.gradient_reversal import reverse_gradient
from egoexo.models.adaptation.objectives import ClassAdversarialLoss
from egoexo.models.adaptation.progress import TrainProgress
from egoexo.models.heads.classifier_output import ClassifierOutput
from egoexo.registry import MODELS

__all__ = ['FeatureDomainHeads', 'conditional_features']


def conditional_features(output: ClassifierOutput) -> torch.Tensor:
    """What CDAN compares: each class probability times each number of the feature.

    Source: Long et al., "Conditional Adversarial Domain Adaptation" (CDAN), NeurIPS 2018.

    Args:
        output (ClassifierOutput): Logits (N, C) and features (N, F).

    Returns:
        torch.Tensor: Shape (N, C F), class after class; no gradient flows to the logits.
    """
    probs = output.logits.detach().softmax(dim=1)
    return (probs.unsqueeze(2) * output.feature.unsqueeze(1)).flatten(1)


def _discriminator(in_channels: int, hidden: int, dropout: float) -> nn.Sequential:
    """Three layers with the initial weights of the authors' baselines."""
    layers = nn.Sequential(nn.Linear(in_channels, hidden), nn.ReLU(inplace=True), nn.Dropout(dropout),
                           nn.Linear(hidden, hidden), nn.ReLU(inplace=True), nn.Dropout(dropout),
                           nn.Linear(hidden, 1))
    for index, deviation in ((0, 0.01), (3, 0.01), (6, 0.3)):
        nn.init.normal_(layers[index].weight, 0, deviation)
        nn.init.zeros_(layers[index].bias)
    return layers


@MODELS.register_module()
class FeatureDomainHeads(Adaptation):
    """Objectives on the rows in front of the last layer of a classifier.

    Levels: ``'feature'``, the features themselves (DANN, MMD, ...), and ``'conditional'``, their outer product with
    the class probabilities (CDAN). Where an objective reads domain logits, a discriminator judges; its one logit z
    stands as (z, 0), so that the cross entropy of the domain is the binary one of z with the source as 1. Not offered:
    ensembles, which need a second classifier, and objectives on sequences or on a discriminator per class.

    Args:
        channels (int): F; filled in by :class:`SegmentClassifier`, like the next.
        num_classes (int): C.
        objectives (Sequence[dict]): Adaptation methods.
        beta (float | dict): Gradient reversal weight in front of the discriminators; the authors' baselines grow it by
            ``dict(type='SigmoidRamp', length=10000, offset=1)``.
        hidden (int): Width of the two hidden layers of a discriminator.
        dropout (float): Dropout behind each of them.
        centroids (bool): Keep moving class centres of the features (MSTN).

    Raises:
        ConfigError: If an objective needs a discriminator per class.
    """

    def __init__(self, channels: int, num_classes: int, objectives: Sequence[dict] = (),
                 beta: float | Mapping | Sequence[float | Mapping] = 0.0, hidden: int = 1024, dropout: float = 0.5,
                 centroids: bool = False) -> None:
        super().__init__(objectives, beta)
        if any(isinstance(objective, ClassAdversarialLoss) for objective in self.objectives):
            raise ConfigError(explain('FeatureDomainHeads, objectives', 'methods with one discriminator per place',
                                      'ClassAdversarialLoss, which needs one per class',
                                      "Take FrameAdversarialLoss with places=['conditional'] instead."))
        sizes = dict(feature=channels, conditional=channels * num_classes)
        judged = {place for objective in self.objectives if 'domain_logits' in objective.reads
                  for place in objective.places}
        self.discriminators = nn.ModuleDict({place: _discriminator(size, hidden, dropout)
                                             for place, size in sizes.items() if place in judged})
        self.centroids = Centroids(num_classes, channels) if centroids else None

    def judge(self, place: str, features: tuple[torch.Tensor, torch.Tensor], beta: float) -> torch.Tensor | None:
        """Classify the domain of each row.

        Args:
            place (str): ``'feature'`` or ``'conditional'``.
            features (tuple[torch.Tensor, torch.Tensor]): Source and target rows of this place.
            beta (float): Gradient reversal weight.

        Returns:
            torch.Tensor | None: Logits (z, 0), float32, shape (N + Q, 1, 2); None where no objective reads them.
        """
        if place not in self.discriminators:
            return None
        logits = self.discriminators[place](reverse_gradient(torch.cat(features), beta)).float()
        return torch.stack([logits, torch.zeros_like(logits)], dim=-1)

    def levels(self, pair: tuple[ClassifierOutput, ClassifierOutput], labels: torch.Tensor,
               progress: TrainProgress) -> dict[str, DomainLevel]:
        """What the objectives compare.

        Args:
            pair (tuple[ClassifierOutput, ClassifierOutput]): Of the source and of the target, float32.
            labels (torch.Tensor): Classes of the source rows, (N,) int64.
            progress (TrainProgress): For the gradient reversal weight.

        Returns:
            dict[str, DomainLevel]: ``'feature'``, and ``'conditional'`` if an objective looks at it.
        """
        rows = dict(feature=tuple(item.feature for item in pair))
        if any('conditional' in objective.places for objective in self.objectives):
            rows['conditional'] = tuple(map(conditional_features, pair))
        logits, beta = tuple(item.logits for item in pair), self.beta(progress)[0]
        return {place: DomainLevel(features, logits, labels=labels, domain_logits=self.judge(place, features, beta),
                                   centroids=self.centroids if place == 'feature' else None)
                for place, features in rows.items()}
