"""Named, hashed rule sets by which predictions are scored; one module per benchmark, data only."""

from egoexo.evaluation.protocols.base import Protocol
from egoexo.evaluation.protocols.segmentation import SegmentationProtocol

__all__ = ['Protocol', 'SegmentationProtocol']
