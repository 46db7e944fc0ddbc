"""Registered metrics, one module per benchmark."""

from egoexo.evaluation.metrics.anticipation import AnticipationMetric
from egoexo.evaluation.metrics.base import BaseEgoExoMetric
from egoexo.evaluation.metrics.clip import ClipMetric
from egoexo.evaluation.metrics.correspondence import CorrespondenceMetric
from egoexo.evaluation.metrics.planning import PlanningMetric
from egoexo.evaluation.metrics.recognition import RecognitionMetric
from egoexo.evaluation.metrics.segmentation import SegmentationMetric
from egoexo.evaluation.metrics.transfer import TransferMetric

__all__ = ['AnticipationMetric', 'BaseEgoExoMetric', 'ClipMetric', 'CorrespondenceMetric', 'PlanningMetric',
           'RecognitionMetric', 'SegmentationMetric', 'TransferMetric']
