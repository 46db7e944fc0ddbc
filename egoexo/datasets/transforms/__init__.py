"""Transforms: from a description of a sample to what the model gets."""

from egoexo.datasets.transforms.center_crop_clip import CenterCropClip
from egoexo.datasets.transforms.center_crop_frames import CenterCropFrames
from egoexo.datasets.transforms.drop_steps import DropSteps
from egoexo.datasets.transforms.flip_frames import FlipFrames
from egoexo.datasets.transforms.hide_target_tokens import HideTargetTokens
from egoexo.datasets.transforms.load_clip_frames import LoadClipFrames
from egoexo.datasets.transforms.load_image_pair import LoadImagePair
from egoexo.datasets.transforms.load_interaction_boxes import LoadInteractionBoxes
from egoexo.datasets.transforms.load_picture import LoadPicture
from egoexo.datasets.transforms.load_segment_frames import LoadSegmentFrames
from egoexo.datasets.transforms.load_sequence import LoadSequence
from egoexo.datasets.transforms.pack_clip import PackClip
from egoexo.datasets.transforms.pack_frames import PackFrames
from egoexo.datasets.transforms.pack_inputs import PackInputs
from egoexo.datasets.transforms.pack_pair import PackPair
from egoexo.datasets.transforms.pad_square_resize import PadSquareResizeNearest
from egoexo.datasets.transforms.pca_lighting import PCALighting
from egoexo.datasets.transforms.random_resized_crop_frames import RandomResizedCropFrames
from egoexo.datasets.transforms.random_scale_crop_flip import RandomScaleCropFlip
from egoexo.datasets.transforms.resize_clip_uint8 import ResizeClipUint8
from egoexo.datasets.transforms.resize_short_side import ResizeShortSide
from egoexo.datasets.transforms.sample_clips import SampleClips
from egoexo.datasets.transforms.sample_sequence import SampleSequence
from egoexo.datasets.transforms.sample_video_clips import SampleVideoClips
from egoexo.datasets.transforms.shuffle_labels import ShuffleLabels
from egoexo.datasets.transforms.three_crop_clip import ThreeCropClip

__all__ = [
    'CenterCropClip',
    'CenterCropFrames',
    'DropSteps',
    'FlipFrames',
    'HideTargetTokens',
    'LoadClipFrames',
    'LoadImagePair',
    'LoadInteractionBoxes',
    'LoadPicture',
    'LoadSegmentFrames',
    'LoadSequence',
    'PCALighting',
    'PackClip',
    'PackFrames',
    'PackInputs',
    'PackPair',
    'PadSquareResizeNearest',
    'RandomResizedCropFrames',
    'RandomScaleCropFlip',
    'ResizeClipUint8',
    'ResizeShortSide',
    'SampleClips',
    'SampleSequence',
    'SampleVideoClips',
    'ShuffleLabels',
    'ThreeCropClip',
]
