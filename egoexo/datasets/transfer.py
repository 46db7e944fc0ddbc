"""Segments of Ego2Exo as pooled features."""

from collections.abc import Mapping, Sequence

import torch

from egoexo.datasets.base import SampleReport
from egoexo.datasets.pooled_features import PooledFeatures
from egoexo.datasets.segment import SegmentDataset
from egoexo.formats.ego2exo import Segment
from egoexo.registry import DATASETS

__all__ = ['TransferDataset']

_NUM_EXAMPLES = 5


@DATASETS.register_module()
class TransferDataset(SegmentDataset):
    """One vector per segment, the mean over the feature rows of its windows (LaGTran, ICML 2024).

    All vectors of the list are made when it is read, each take file opened once, and stay in memory: the released
    lists are 9,086 and 6,336 vectors of 1,536 numbers, 95 MB together. A batch is one copy out of them.

    Args:
        data_prefix (Mapping, optional): ``features``, the folder of the take files; without it they are looked for
            where ``ann_file`` says, in ``features/omnivore_video`` below ``data_root``.
        feature (Mapping, optional): Arguments of :class:`~egoexo.datasets.pooled_features.PooledFeatures` beside its
            folders: ``dim``, ``on_range``, ``on_empty``, ``cache_dir``, ``recipe``.
        **kwargs: See :class:`SegmentDataset`.

    Attributes:
        features (torch.Tensor): float32, (N, D), in the order of the list, which ``indices`` does not change; known
            after it was read.

    Raises:
        DataError: If segments of the list cannot be used, all of them in one report (``on_bad='skip'``: left out).
    """

    HOW_TO_GET = 'Features: see data/README.md. Check data_root and data_prefix.features.'

    def __init__(self, view: str, split: str = 'train', data_prefix: Mapping[str, str] | None = None,
                 feature: Mapping[str, object] | None = None, **kwargs: object) -> None:
        self.feature = dict(feature or {})
        self.features = torch.zeros(0, 0)
        self._reader: PooledFeatures | None = None
        super().__init__(view, split, data_prefix=dict(data_prefix or {}), **kwargs)

    @property
    def reader(self) -> PooledFeatures:
        """What opens the feature files."""
        if self._reader is None:
            self._reader = PooledFeatures(self.data_root, self.data_prefix.get('features'), **self.feature)
        return self._reader

    def describe(self, segment: Segment) -> dict[str, object]:
        """Adds ``feature_file`` and ``feature_indices``.

        Args:
            segment (egoexo.formats.ego2exo.Segment): Row of the file.
        """
        return dict(feature_file=segment.feature_file, feature_indices=segment.feature_indices)

    def load_data_list(self) -> list[dict]:
        """List the segments, pool their features, report.

        Returns:
            list[dict]: The usable segments, each with its ``number``, the row of :attr:`features`.

        Raises:
            DataError: If one is unusable and ``on_bad='error'``.
        """
        items = self.list_samples()
        pooled = self.reader.pool(items, self.subset)
        reports = [SampleReport(item['sample_id'], problems)
                   for item, problems in zip(items, pooled.problems, strict=True)]
        usable = self.keep_usable(items, reports)
        good = [number for number, report in enumerate(reports) if not report.problems]
        self.features = pooled.features if len(good) == len(items) else pooled.features[good]
        self.announce([reports[number] for number in good])
        return self.number(usable)

    def inspect_sample(self, info: Mapping[str, object], full: bool = False) -> SampleReport:
        """Look at the feature file of one segment, each file once.

        Args:
            info (Mapping[str, object]): One item of the data list.
            full (bool): Read every feature row and look for NaN and Inf.

        Returns:
            SampleReport: Fact ``rows``, the length of the take's features, as far as it could be read.
        """
        problems, num_rows = self.reader.look_at(info, full)
        return SampleReport(info['sample_id'], problems, {} if num_rows is None else dict(rows=num_rows))

    def describe_unusable(self, bad: Mapping[str, list[str]], num_samples: int) -> str:
        """Report by cause, of which a file has one for many segments.

        Args:
            bad (Mapping[str, list[str]]): Problems by sample id.
            num_samples (int): Segments of the whole list.

        Returns:
            str: Several lines: the first five causes, each with its number of segments, and what to do.
        """
        causes: dict[str, int] = {}
        for problems in bad.values():
            cause = '; '.join(problems)
            causes[cause] = causes.get(cause, 0) + 1
        lines = [f'{len(bad)} of {num_samples} segments of {self.name} cannot be used, for {len(causes)} reasons:']
        lines += [f'  {count} segments: {cause}' for cause, count in list(causes.items())[:_NUM_EXAMPLES]]
        more = len(causes) - _NUM_EXAMPLES
        if more > 0:
            lines.append(f'  ({more} more: python tools/data/verify_dataset.py CONFIG lists all)')
        lines.append(f"  {self.HOW_TO_GET} Pass on_bad='skip' to leave them out, counted.")
        return '\n'.join(lines)

    def read_inputs(self, items: Sequence[Mapping[str, object]]) -> torch.Tensor:
        """Pooled features.

        Args:
            items (Sequence[Mapping[str, object]]): Of the data list, N of them.

        Returns:
            torch.Tensor: float32, (N, D), the caller's own.
        """
        return self.features.index_select(0, torch.tensor([item['number'] for item in items]))
