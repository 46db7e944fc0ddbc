from egoexo.models.losses.decoupled_contrastive_loss import DecoupledContrastiveLoss
from egoexo.models.losses.distillation_loss import DistillationLoss
from egoexo.models.losses.future_cross_entropy import FutureCrossEntropy
from egoexo.models.losses.interaction_map_loss import InteractionMapLoss
from egoexo.models.losses.label_cross_entropy import LabelCrossEntropy
from egoexo.models.losses.multi_hot_cross_entropy import MultiHotCrossEntropy
from egoexo.models.losses.multi_label_cross_entropy import MultiLabelCrossEntropy
from egoexo.models.losses.pair_mask_loss import PairMaskLoss
from egoexo.models.losses.stage_cross_entropy import StageCrossEntropy
from egoexo.models.losses.truncated_smoothing import TruncatedSmoothingLoss

__all__ = [
    'DecoupledContrastiveLoss',
    'DistillationLoss',
    'FutureCrossEntropy',
    'InteractionMapLoss',
    'LabelCrossEntropy',
    'MultiHotCrossEntropy',
    'MultiLabelCrossEntropy',
    'PairMaskLoss',
    'StageCrossEntropy',
    'TruncatedSmoothingLoss',
]
