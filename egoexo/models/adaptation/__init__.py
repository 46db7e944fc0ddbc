from egoexo.models.adaptation.adaptation import Adaptation
from egoexo.models.adaptation.centroids import Centroids
from egoexo.models.adaptation.domain_attention import class_weights, domain_attention, entropy
from egoexo.models.adaptation.domain_batch_norm import DomainBatchNorm
from egoexo.models.adaptation.domain_heads import DomainHeads, DomainLogits
from egoexo.models.adaptation.domain_level import DomainBatch, DomainLevel
from egoexo.models.adaptation.domain_model import DomainModel, DomainPass
from egoexo.models.adaptation.frame_discriminator import FrameDiscriminator
from egoexo.models.adaptation.gradient_reversal import reverse_gradient
from egoexo.models.adaptation.kernels import gaussian_kernel, linear_mmd, linear_time_mmd, quadratic_mmd
from egoexo.models.adaptation.objectives import (
    AttentiveEntropyLoss,
    CentroidAlignmentLoss,
    ClassAdversarialLoss,
    ClassifierDiscrepancyLoss,
    DomainObjective,
    FrameAdversarialLoss,
    JointMMDLoss,
    MMDLoss,
    OrderPredictionLoss,
    SequenceAdversarialLoss,
    SlicedWassersteinLoss,
    TargetEntropyLoss,
    sliced_wasserstein,
)
from egoexo.models.adaptation.order_head import OrderHead
from egoexo.models.adaptation.progress import TrainProgress
from egoexo.models.adaptation.ramp import adaptive_weight
from egoexo.models.adaptation.segment_orders import judge_clip_order, judge_domain_order
from egoexo.models.adaptation.sigmoid_ramp import SigmoidRamp
from egoexo.models.adaptation.temporal_pooling import pool_segments
from egoexo.models.adaptation.video_discriminator import (
    SegmentDiscriminator,
    SegmentOrderDiscriminator,
    domain_patterns,
)

__all__ = [
    'Adaptation',
    'AttentiveEntropyLoss',
    'CentroidAlignmentLoss',
    'Centroids',
    'ClassAdversarialLoss',
    'ClassifierDiscrepancyLoss',
    'DomainBatch',
    'DomainBatchNorm',
    'DomainHeads',
    'DomainLevel',
    'DomainLogits',
    'DomainModel',
    'DomainObjective',
    'DomainPass',
    'FrameAdversarialLoss',
    'FrameDiscriminator',
    'JointMMDLoss',
    'MMDLoss',
    'OrderHead',
    'OrderPredictionLoss',
    'SegmentDiscriminator',
    'SegmentOrderDiscriminator',
    'SequenceAdversarialLoss',
    'SigmoidRamp',
    'SlicedWassersteinLoss',
    'TargetEntropyLoss',
    'TrainProgress',
    'adaptive_weight',
    'class_weights',
    'domain_attention',
    'domain_patterns',
    'entropy',
    'gaussian_kernel',
    'judge_clip_order',
    'judge_domain_order',
    'linear_mmd',
    'linear_time_mmd',
    'pool_segments',
    'quadratic_mmd',
    'reverse_gradient',
    'sliced_wasserstein',
]
