"""Adaptation methods as losses on the levels of a network, one registered module each."""

from egoexo.models.adaptation.objectives.centroid_alignment import CentroidAlignmentLoss
from egoexo.models.adaptation.objectives.discrepancy import JointMMDLoss, MMDLoss
from egoexo.models.adaptation.objectives.domain_objective import DomainObjective
from egoexo.models.adaptation.objectives.ensemble import (
    ClassifierDiscrepancyLoss,
    SlicedWassersteinLoss,
    sliced_wasserstein,
)
from egoexo.models.adaptation.objectives.entropy_losses import AttentiveEntropyLoss, TargetEntropyLoss
from egoexo.models.adaptation.objectives.frame_adversarial import ClassAdversarialLoss, FrameAdversarialLoss
from egoexo.models.adaptation.objectives.sequence_classification import OrderPredictionLoss, SequenceAdversarialLoss

__all__ = [
    'AttentiveEntropyLoss',
    'CentroidAlignmentLoss',
    'ClassAdversarialLoss',
    'ClassifierDiscrepancyLoss',
    'DomainObjective',
    'FrameAdversarialLoss',
    'JointMMDLoss',
    'MMDLoss',
    'OrderPredictionLoss',
    'SequenceAdversarialLoss',
    'SlicedWassersteinLoss',
    'TargetEntropyLoss',
    'sliced_wasserstein',
]
