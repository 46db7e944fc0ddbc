"""A labelled source and a target data set read side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import pseudo_collate
from torch.utils.data import Dataset

from egoexo.datasets.concat import ConcatSubsets
from egoexo.errors import ConfigError, explain
from egoexo.registry import DATASETS

__all__ = ['DomainPairDataset', 'fetch_batch']


def fetch_batch(dataset: Dataset, indices: Sequence[int]) -> Mapping[str, Any]:
    """Read several samples, at once where the data set can.

    Args:
        dataset (Dataset): Any map-style data set.
        indices (Sequence[int]): Positions, perhaps with seeds.

    Returns:
        Mapping[str, Any]: One batch, ``inputs`` and ``data_samples``.
    """
    read = getattr(dataset, '__getitems__', None)
    items = read(indices) if read else [dataset[index] for index in indices]
    return items if isinstance(items, Mapping) else pseudo_collate(items)


@DATASETS.register_module()
class DomainPairDataset(Dataset):
    """Source and target of domain adaptation, with one index space for both.

    Index ``i`` below ``len(source)`` is source sample ``i``; ``len(source) + j`` is target sample ``j``. Its length is
    that of the source, which an epoch counts; :class:`~egoexo.datasets.samplers.PairedBatchSampler` adds the target.

    Args:
        datasets (Sequence[dict | Dataset]): Lists of the labelled source, joined by :class:`ConcatSubsets`.
        target_datasets (Sequence[dict | Dataset]): Lists of the other domain; their labels are there, but no
            unsupervised method reads them.
        lazy_init (bool): Read the lists later. Defaults to False.
        **shared: Arguments for every list given as a dict that does not set them itself, e.g. ``data_root`` and
            ``pipeline``; a config of one domain becomes one of two by ``type`` and ``target_datasets`` alone.

    Raises:
        ConfigError: If a list of lists is empty, or the two have other classes.
    """

    def __init__(self, datasets: Sequence[dict | Dataset], target_datasets: Sequence[dict | Dataset],
                 lazy_init: bool = False, **shared: object) -> None:
        self.source, self.target = (ConcatSubsets(lists, lazy_init=True, **shared)
                                    for lists in (datasets, target_datasets))
        known, other = (self._classes(item) for item in (self.source, self.target))
        if known != other:
            raise ConfigError(explain(
                'DomainPairDataset, datasets and target_datasets', 'the same classes in both',
                f'{len(known or ())} classes in the source and {len(other or ())} in the target'
                + ('' if len(known or ()) != len(other or ()) else ', named differently'),
                'Give both the same class_file and metainfo.'))
        if not lazy_init:
            self.full_init()

    @staticmethod
    def _classes(dataset: ConcatSubsets) -> tuple[str, ...] | None:
        classes = dataset.metainfo.get('classes')
        return None if classes is None else tuple(classes)

    def full_init(self) -> None:
        """Read both lists, once."""
        for dataset in self.datasets:
            dataset.full_init()

    @property
    def domains(self) -> dict[str, ConcatSubsets]:
        """The two data sets by name."""
        return dict(source=self.source, target=self.target)

    @property
    def datasets(self) -> list[ConcatSubsets]:
        """The two data sets, source first; the name under which concatenated data sets keep theirs."""
        return [self.source, self.target]

    @property
    def metainfo(self) -> dict:
        """Meta information of the source."""
        return self.source.metainfo

    @property
    def labels(self) -> np.ndarray:
        """Class ids of the source, int64 (N,), where it has one per sample.

        Raises:
            AttributeError: If it has none.
        """
        return self.source.labels

    @property
    def num_target(self) -> int:
        """Samples of the target."""
        return len(self.target)

    def __len__(self) -> int:
        return len(self.source)

    def locate(self, index: int) -> tuple[str, int]:
        """Domain and position of an index.

        Args:
            index (int): Position in the joint space; a :class:`SeededIndex` keeps its seed.

        Returns:
            tuple[str, int]: ``'source'`` or ``'target'`` and the position there.
        """
        num_source = len(self.source)
        return ('source', index) if index < num_source else ('target', index - num_source)

    def __getitem__(self, index: int) -> dict:
        domain, position = self.locate(index)
        return self.domains[domain][position]

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Mapping[str, Any]]:
        """Read one batch of each domain.

        Args:
            indices (Sequence[int]): Source and target positions in the joint space.

        Returns:
            dict[str, Mapping[str, Any]]: ``source`` and ``target``, each with ``inputs`` and ``data_samples``.
        """
        num_source = len(self.source)
        found = dict(source=[index for index in indices if index < num_source],
                     target=[index - num_source for index in indices if index >= num_source])
        return {domain: fetch_batch(self.domains[domain], positions) for domain, positions in found.items()}

    def get_data_info(self, index: int) -> dict:
        """Item of the data list behind an index.

        Args:
            index (int): Position in the joint space.
        """
        domain, position = self.locate(index)
        return self.domains[domain].get_data_info(position)
