"""Official files of a benchmark as data sets, and what they share: features, videos, transforms, samplers."""

from egoexo.datasets.anticipation import AnticipationDataset
from egoexo.datasets.base import EgoExoDataset
from egoexo.datasets.clip import ClipDataset
from egoexo.datasets.collate import collate_domains
from egoexo.datasets.collate_clips import collate_clips
from egoexo.datasets.collate_pairs import collate_pairs
from egoexo.datasets.concat import ConcatSubsets
from egoexo.datasets.correspondence import CorrespondenceDataset
from egoexo.datasets.domain_pair import DomainPairDataset
from egoexo.datasets.folder_sequence import FolderSequenceDataset
from egoexo.datasets.geonet import GeoNetDataset
from egoexo.datasets.kinetics import KineticsDataset
from egoexo.datasets.lemma import LemmaDataset
from egoexo.datasets.narration import NarrationDataset
from egoexo.datasets.planning import PlanningDataset
from egoexo.datasets.recognition import RecognitionDataset
from egoexo.datasets.segment_text import SegmentTextDataset
from egoexo.datasets.segment_video import SegmentVideoDataset
from egoexo.datasets.segmentation import SegmentationDataset
from egoexo.datasets.semantic_pair import SemanticPairDataset
from egoexo.datasets.transfer import TransferDataset

__all__ = [
    'AnticipationDataset',
    'ClipDataset',
    'ConcatSubsets',
    'CorrespondenceDataset',
    'DomainPairDataset',
    'EgoExoDataset',
    'FolderSequenceDataset',
    'GeoNetDataset',
    'KineticsDataset',
    'LemmaDataset',
    'NarrationDataset',
    'PlanningDataset',
    'RecognitionDataset',
    'SegmentTextDataset',
    'SegmentVideoDataset',
    'SegmentationDataset',
    'SemanticPairDataset',
    'TransferDataset',
    'collate_clips',
    'collate_domains',
    'collate_pairs',
]
