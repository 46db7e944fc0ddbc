from egoexo.apis.inferencers.segmentation import SegmentationInferencer

__all__ = ['SegmentationInferencer']
