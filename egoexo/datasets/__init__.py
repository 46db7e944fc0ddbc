"""Official files of a benchmark as data sets, and what they share: features, videos, transforms, samplers."""

from egoexo.datasets.base import EgoExoDataset
from egoexo.datasets.concat import ConcatSubsets
from egoexo.datasets.folder_sequence import FolderSequenceDataset
from egoexo.datasets.segmentation import SegmentationDataset

__all__ = ['ConcatSubsets', 'EgoExoDataset', 'FolderSequenceDataset', 'SegmentationDataset']
