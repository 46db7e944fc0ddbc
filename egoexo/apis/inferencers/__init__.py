from egoexo.apis.inferencers.clip import ClipInferencer
from egoexo.apis.inferencers.segmentation import SegmentationInferencer

__all__ = ['ClipInferencer', 'SegmentationInferencer']
