"""Registered metrics, one module per benchmark."""

from egoexo.evaluation.metrics.base import BaseEgoExoMetric
from egoexo.evaluation.metrics.segmentation import SegmentationMetric

__all__ = ['BaseEgoExoMetric', 'SegmentationMetric']
