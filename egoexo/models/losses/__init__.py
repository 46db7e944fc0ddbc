from egoexo.models.losses.stage_cross_entropy import StageCrossEntropy
from egoexo.models.losses.truncated_smoothing import TruncatedSmoothingLoss

__all__ = ['StageCrossEntropy', 'TruncatedSmoothingLoss']
