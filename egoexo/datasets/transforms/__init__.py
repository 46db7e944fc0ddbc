"""Transforms: from a description of a sample to what the model gets."""

from egoexo.datasets.transforms.drop_steps import DropSteps
from egoexo.datasets.transforms.load_sequence import LoadSequence
from egoexo.datasets.transforms.pack_inputs import PackInputs
from egoexo.datasets.transforms.sample_sequence import SampleSequence
from egoexo.datasets.transforms.shuffle_labels import ShuffleLabels

__all__ = ['DropSteps', 'LoadSequence', 'PackInputs', 'SampleSequence', 'ShuffleLabels']
