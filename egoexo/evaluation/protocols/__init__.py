"""Named, hashed rule sets by which predictions are scored; one module per benchmark, data only."""

from egoexo.evaluation.protocols.anticipation import AnticipationProtocol
from egoexo.evaluation.protocols.base import Protocol
from egoexo.evaluation.protocols.planning import PlanningProtocol
from egoexo.evaluation.protocols.recognition import RecognitionProtocol
from egoexo.evaluation.protocols.segmentation import SegmentationProtocol
from egoexo.evaluation.protocols.transfer import TransferProtocol

__all__ = ['AnticipationProtocol', 'PlanningProtocol', 'Protocol', 'RecognitionProtocol',
           'SegmentationProtocol', 'TransferProtocol']
