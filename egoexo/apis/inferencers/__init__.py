from egoexo.apis.inferencers.clip import ClipInferencer
from egoexo.apis.inferencers.correspondence import CorrespondenceInferencer
from egoexo.apis.inferencers.recognition import RecognitionInferencer
from egoexo.apis.inferencers.segmentation import SegmentationInferencer
from egoexo.apis.inferencers.transfer import TransferInferencer

__all__ = ['ClipInferencer', 'CorrespondenceInferencer', 'RecognitionInferencer', 'SegmentationInferencer',
           'TransferInferencer']
