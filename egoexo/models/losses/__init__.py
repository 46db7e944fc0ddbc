from egoexo.models.losses.future_cross_entropy import FutureCrossEntropy
from egoexo.models.losses.multi_label_cross_entropy import MultiLabelCrossEntropy
from egoexo.models.losses.pair_mask_loss import PairMaskLoss
from egoexo.models.losses.stage_cross_entropy import StageCrossEntropy
from egoexo.models.losses.truncated_smoothing import TruncatedSmoothingLoss

__all__ = ['FutureCrossEntropy', 'MultiLabelCrossEntropy', 'PairMaskLoss', 'StageCrossEntropy',
           'TruncatedSmoothingLoss']
