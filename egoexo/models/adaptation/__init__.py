from egoexo.models.adaptation.centroids import Centroids
from egoexo.models.adaptation.domain_attention import class_weights, domain_attention, entropy
from egoexo.models.adaptation.domain_heads import DomainHeads, DomainLogits
from egoexo.models.adaptation.frame_discriminator import FrameDiscriminator
from egoexo.models.adaptation.gradient_reversal import reverse_gradient
from egoexo.models.adaptation.order_head import OrderHead
from egoexo.models.adaptation.ramp import adaptive_weight
from egoexo.models.adaptation.temporal_pooling import pool_segments
from egoexo.models.adaptation.video_discriminator import (
    SegmentDiscriminator,
    SegmentOrderDiscriminator,
    domain_patterns,
)

__all__ = [
    'Centroids',
    'DomainHeads',
    'DomainLogits',
    'FrameDiscriminator',
    'OrderHead',
    'SegmentDiscriminator',
    'SegmentOrderDiscriminator',
    'adaptive_weight',
    'class_weights',
    'domain_attention',
    'domain_patterns',
    'entropy',
    'pool_segments',
    'reverse_gradient',
]
