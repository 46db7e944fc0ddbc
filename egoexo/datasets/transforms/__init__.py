"""Transforms: from a description of a sample to what the model gets."""

from egoexo.datasets.transforms.center_crop_frames import CenterCropFrames
from egoexo.datasets.transforms.drop_steps import DropSteps
from egoexo.datasets.transforms.flip_frames import FlipFrames
from egoexo.datasets.transforms.hide_target_tokens import HideTargetTokens
from egoexo.datasets.transforms.load_image_pair import LoadImagePair
from egoexo.datasets.transforms.load_picture import LoadPicture
from egoexo.datasets.transforms.load_segment_frames import LoadSegmentFrames
from egoexo.datasets.transforms.load_sequence import LoadSequence
from egoexo.datasets.transforms.pack_frames import PackFrames
from egoexo.datasets.transforms.pack_inputs import PackInputs
from egoexo.datasets.transforms.pack_pair import PackPair
from egoexo.datasets.transforms.pad_square_resize import PadSquareResizeNearest
from egoexo.datasets.transforms.random_resized_crop_frames import RandomResizedCropFrames
from egoexo.datasets.transforms.resize_short_side import ResizeShortSide
from egoexo.datasets.transforms.sample_sequence import SampleSequence
from egoexo.datasets.transforms.shuffle_labels import ShuffleLabels

__all__ = [
    'CenterCropFrames',
    'DropSteps',
    'FlipFrames',
    'HideTargetTokens',
    'LoadImagePair',
    'LoadPicture',
    'LoadSegmentFrames',
    'LoadSequence',
    'PackFrames',
    'PackInputs',
    'PackPair',
    'PadSquareResizeNearest',
    'RandomResizedCropFrames',
    'ResizeShortSide',
    'SampleSequence',
    'ShuffleLabels',
]
