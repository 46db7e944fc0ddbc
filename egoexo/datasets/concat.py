"""Several lists as one data set: co-training, or the scoring of both views in one run."""

import logging
from collections.abc import Sequence

from mmengine.dataset import ConcatDataset
from mmengine.logging import print_log

from egoexo.datasets.base import EgoExoDataset
from egoexo.errors import ConfigError, explain
from egoexo.registry import DATASETS

__all__ = ['ConcatSubsets']


@DATASETS.register_module()
class ConcatSubsets(ConcatDataset):
    """Lists joined in order; an empty one (missing and skipped) takes no part, said aloud.

    A video that is in two of the lists stays in both, as officially (one is in ego_val and in ego_test), with a
    warning. Keeps the meta information of the lists, which must agree.

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
            super().__init__(built, lazy_init=lazy_init)
        except ValueError as error:
            if any(dataset.metainfo != built[0].metainfo for dataset in built):
                raise ConfigError(explain('ConcatSubsets, datasets', 'the same class names and label rate in all '
                                          'lists', 'lists that differ in them',
                                          'Give all of them the same class_file and metainfo.')) from error
            raise

    def full_init(self) -> None:
        """Read all lists, then tell of empty ones and of videos that are in several."""
        if self._fully_initialized:
            return
        super().full_init()
        empty = [dataset.subset for dataset in self.datasets if not len(dataset)]
        if empty:
            print_log(f'left out because empty: {", ".join(empty)}; {len(self)} videos remain in '
                      f'{len(self.datasets) - len(empty)} of {len(self.datasets)} lists.',
                      'current', logging.WARNING)
        self._tell_shared_videos()

    def _tell_shared_videos(self) -> None:
        subsets: dict[str, list[str]] = {}
        for dataset in self.datasets:
            # Each once, because a list may hold several samples of one video.
            for uid in dict.fromkeys(dataset.get_data_info(index)['sample_id'] for index in range(len(dataset))):
                subsets.setdefault(uid, []).append(dataset.subset)
        shared = {uid: names for uid, names in subsets.items() if len(names) > 1}
        if shared:
            examples = '; '.join(f'{uid} in {" and ".join(names)}' for uid, names in list(shared.items())[:5])
            print_log(f'{len(shared)} of {len(subsets)} videos are in more than one list: {examples}. Each list keeps '
                      'its own; pass exclude=[...] to one of them to change that.', 'current', logging.WARNING)

    @property
    def subsets(self) -> list[str]:
        """Names of the lists that hold at least one video, in order."""
        return [dataset.subset for dataset in self.datasets if len(dataset)]
