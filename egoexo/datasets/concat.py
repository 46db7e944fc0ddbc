"""Several lists as one data set: co-training, or the scoring of both views in one run."""

import logging
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch
from mmengine.dataset import ConcatDataset
from mmengine.logging import print_log
from torch.utils.data import Dataset

from egoexo.datasets.base import EgoExoDataset
from egoexo.errors import ConfigError, explain
from egoexo.registry import DATASETS

__all__ = ['ConcatSubsets']

#: Meta information that is a list, of which every data set holds its part.
_JOINED = ('directions', 'splits')


@DATASETS.register_module()
class ConcatSubsets(ConcatDataset):
    """Lists joined in order; an empty one (missing and skipped) takes no part, said aloud.

    A video that is in two of the lists stays in both, as officially (one is in ego_val and in ego_test), with a
    warning. Lists that share their videos by design (anticipation) are not warned about. Keeps the meta information
    of the lists, which must agree but for ``directions`` and ``splits``, of which it has those of all lists. Reads a
    whole batch at once where its lists can.

    Args:
        datasets (Sequence[dict | EgoExoDataset]): At least one.
        lazy_init (bool): Read the lists later. Defaults to False.
        **shared: Arguments for every list given as a dict that does not set them itself, e.g. ``data_root``,
            ``pipeline`` and ``on_bad``: a config then says them once.

    Raises:
        ConfigError: If ``datasets`` is empty or their meta information differs.
    """

    def __init__(self, datasets: Sequence[dict | EgoExoDataset], lazy_init: bool = False, **shared: object) -> None:
        if not datasets:
            raise ConfigError(explain('ConcatSubsets, datasets', 'at least one data set', 'none', 'Add one.'))
        built = [DATASETS.build(shared | dict(dataset)) if isinstance(dataset, dict) else dataset
                 for dataset in datasets]
        try:
            super().__init__(built, lazy_init=lazy_init, ignore_keys=list(_JOINED))
        except ValueError as error:
            if any(dataset.metainfo != built[0].metainfo for dataset in built):
                raise ConfigError(explain('ConcatSubsets, datasets', 'the same class names and label rate in all '
                                          'lists', 'lists that differ in them',
                                          'Give all of them the same class_file and metainfo.')) from error
            raise
        for key in set(_JOINED) & set(self._metainfo):
            self._metainfo[key] = list(dict.fromkeys(name for dataset in built for name in dataset.metainfo[key]))

    def full_init(self) -> None:
        """Read all lists, then tell of empty ones and of videos that are in several."""
        if self._fully_initialized:
            return
        super().full_init()
        empty = [dataset.subset for dataset in self.datasets if not len(dataset)]
        if empty:
            unit = getattr(self.datasets[0], 'UNIT', 'videos')
            print_log(f'left out because empty: {", ".join(empty)}; {len(self)} {unit} remain in '
                      f'{len(self.datasets) - len(empty)} of {len(self.datasets)} lists.',
                      'current', logging.WARNING)
        self._tell_shared_videos()

    def _tell_shared_videos(self) -> None:
        subsets: dict[str, list[str]] = {}
        for dataset in self.datasets:
            for uid in _videos(dataset):
                subsets.setdefault(uid, []).append(dataset.subset)
        shared = {uid: names for uid, names in subsets.items() if len(names) > 1}
        if not shared:
            return
        if all(getattr(dataset, 'SPLITS_SHARE_VIDEOS', False) for dataset in self.datasets):
            names = dict.fromkeys(name for names in shared.values() for name in names)
            print_log(f'{", ".join(names)} share {len(shared)} of {len(subsets)} videos, as published: they differ in '
                      f'{getattr(self.datasets[0], "SPLITS_DIFFER_IN", "the actions")}.', 'current')
            return
        examples = '; '.join(f'{uid} in {" and ".join(names)}' for uid, names in list(shared.items())[:5])
        print_log(f'{len(shared)} of {len(subsets)} videos are in more than one list: {examples}. Each list keeps '
                  'its own; pass exclude=[...] to one of them to change that.', 'current', logging.WARNING)

    def __getitems__(self, indices: Sequence[int]) -> dict | list[dict]:
        """Read a batch, which may mix the lists.

        Args:
            indices (Sequence[int]): Positions, N of them.

        Returns:
            dict | list[dict]: One batch in the order of ``indices`` if all lists read batches (``inputs`` of the same
            shape and ``data_samples``), else single samples.
        """
        if len(self.datasets) == 1 and getattr(self.datasets[0], 'reads_batches', False):
            return self.datasets[0].__getitems__(indices)
        places: dict[int, list[int]] = {}
        inner: dict[int, list[int]] = {}
        for place, index in enumerate(indices):
            number, position = self._get_ori_dataset_idx(index)
            places.setdefault(number, []).append(place)
            inner.setdefault(number, []).append(position)
        if not all(getattr(self.datasets[number], 'reads_batches', False) for number in places):
            return [self[index] for index in indices]
        parts = {number: self.datasets[number].__getitems__(positions) for number, positions in inner.items()}
        return next(iter(parts.values())) if len(parts) == 1 else _merge(parts, places, len(indices))

    @property
    def labels(self) -> np.ndarray:
        """Class ids of all lists, int64 (N,), where the lists have one per sample.

        Raises:
            AttributeError: If one has none.
        """
        return np.concatenate([dataset.labels for dataset in self.datasets])

    @property
    def subsets(self) -> list[str]:
        """Names of the lists that hold at least one video, in order."""
        return [dataset.subset for dataset in self.datasets if len(dataset)]


def _videos(dataset: Dataset) -> Iterable[str]:
    """Videos of a list, each once, because a list may hold several samples of one video."""
    listed = getattr(dataset, 'videos', None)
    if listed is not None:
        return listed
    return dict.fromkeys(dataset.get_data_info(index)['sample_id'] for index in range(len(dataset)))


def _merge(parts: Mapping[int, dict], places: Mapping[int, Sequence[int]], size: int) -> dict:
    """One batch of several, each of whose samples gets the place it was asked for."""
    order = [place for number in parts for place in places[number]]
    samples = _placed(order, [part['data_samples'] for part in parts.values()], size)
    inputs = [part['inputs'] for part in parts.values()]
    if not isinstance(inputs[0], torch.Tensor):  # texts
        return dict(inputs=_placed(order, inputs, size), data_samples=samples)
    # Clips are copied with the channels innermost in memory, as the batches of the lists have them.
    rows = torch.cat([part.transpose(1, -1) for part in inputs])
    merged = torch.empty_like(rows).index_copy_(0, torch.tensor(order), rows)
    return dict(inputs=merged.transpose(1, -1), data_samples=samples)


def _placed(order: Sequence[int], parts: Sequence[Sequence], size: int) -> list:
    """Entries of several lists, each at its place."""
    merged: list = [None] * size
    for place, entry in zip(order, (entry for part in parts for entry in part), strict=True):
        merged[place] = entry
    return merged
