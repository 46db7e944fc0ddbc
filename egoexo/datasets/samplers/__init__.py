"""Samplers that yield indices carrying their own seed."""

from egoexo.datasets.samplers.class_balanced_sampler import ClassBalancedSampler
from egoexo.datasets.samplers.infinite_seeded_sampler import InfiniteSeededSampler
from egoexo.datasets.samplers.paired_batch_sampler import PairedBatchSampler
from egoexo.datasets.samplers.seeded_index import SeededIndex
from egoexo.datasets.samplers.seeded_sampler import SeededSampler

__all__ = ['ClassBalancedSampler', 'InfiniteSeededSampler', 'PairedBatchSampler', 'SeededIndex', 'SeededSampler']
