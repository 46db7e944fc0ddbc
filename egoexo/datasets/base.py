"""What all data sets have in common: seeds per sample, no silent substitute, one report on unusable samples."""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from egoexo.errors import ConfigError, DataError, EgoExoError, explain
from egoexo.registry import TRANSFORMS

__all__ = ['EgoExoDataset', 'SampleReport', 'seed_everything']

_NUM_EXAMPLES = 5
_MIN_PACKED = 10_000  # items from which a list is kept in MMEngine's packed form


@dataclass
class SampleReport:
    """What was found when the files of one sample were looked at.

    Args:
        sample_id (str): Official id.
        problems (list[str]): Why the sample cannot be used; empty when it can.
        facts (dict[str, int]): Numbers worth a column in a table, e.g. the length of its features.
    """

    sample_id: str
    problems: list[str] = field(default_factory=list)
    facts: dict[str, int] = field(default_factory=dict)


def seed_everything(seed_key: tuple[int, ...]) -> None:
    """Seed ``random``, numpy's global generator and torch from one key.

    Args:
        seed_key (tuple[int, ...]): Non-negative integers, usually (seed, pass, index).
    """
    first, second, third = np.random.SeedSequence(seed_key).generate_state(3, dtype=np.uint64).tolist()
    random.seed(first)
    np.random.seed(second % 2**32)  # noqa: NPY002 borrowed transforms draw from the global generator
    torch.manual_seed(third % 2**63)


class EgoExoDataset(BaseDataset):
    """Base of the benchmarks' data sets.

    * An index that carries a ``seed_key`` (:class:`egoexo.datasets.samplers.SeededIndex`) seeds all noise of its
      sample, so the sample does not depend on the worker that makes it.
    * A sample that fails raises an error that names it. MMEngine would train on a random other sample instead.
    * Samples that cannot be used are reported together when the list is made: how many, the first five, what to do.
      ``on_bad='skip'`` leaves them out and says so.

    Args:
        ann_file (str): Annotation file.
        pipeline (Sequence[dict | Callable]): Transforms, from the item of the list to what the model gets.
        on_bad (str): ``'error'`` (default) or ``'skip'``.
        **kwargs: See :class:`mmengine.dataset.BaseDataset`; ``max_refetch`` has no effect, ``serialize_data`` none
            below 10,000 items.

    Attributes:
        num_listed (int): Samples of the list, usable or not; 0 before the list is read.
        unusable (dict[str, list[str]]): Why samples cannot be used, by sample id; those that ``on_bad='skip'`` left
            out.

    Raises:
        ConfigError: If ``on_bad`` is unknown.
    """

    #: How to get the missing files, printed at the end of a report; set by the subclass.
    HOW_TO_GET = 'See data/README.md.'
    #: Name under which the list is reported and scored; set by the subclass.
    subset = ''

    def __init__(self, ann_file: str = '', pipeline: Sequence[dict | Callable] = (), on_bad: str = 'error',
                 **kwargs: object) -> None:
        if on_bad not in ('error', 'skip'):
            raise ConfigError(explain(f'{type(self).__name__}, on_bad', "'error' or 'skip'", repr(on_bad),
                                      'Choose one of the two.'))
        self.on_bad = on_bad
        self.num_listed = 0
        self.unusable: dict[str, list[str]] = {}
        # Built here: MMEngine looks into its own registry unless a Runner has set the default scope.
        steps = [TRANSFORMS.build(step) if isinstance(step, dict) else step for step in pipeline]
        super().__init__(ann_file=ann_file, pipeline=steps, **kwargs)

    @property
    def name(self) -> str:
        """How messages call this data set."""
        return f'{type(self).__name__} {self.ann_file}'

    def list_samples(self) -> list[dict]:
        """Read the annotation file; looks at no other file. Every subclass has its own.

        Returns:
            list[dict]: One plain dict with ``sample_id`` per sample.

        Raises:
            TypeError: If the subclass has none.
        """
        raise TypeError(f'{type(self).__name__} is no complete data set: it must define list_samples().')

    def load_data_list(self) -> list[dict]:
        """List the samples, look at their files, report.

        Returns:
            list[dict]: The usable samples.

        Raises:
            DataError: If one is unusable and ``on_bad='error'``.
        """
        items = self.list_samples()
        reports = [self.inspect_sample(item) for item in items]
        usable = self.keep_usable(items, reports)
        self.announce([report for report in reports if not report.problems])
        return usable

    def announce(self, reports: Sequence[SampleReport]) -> None:
        """Say what the list holds; subclasses say more.

        Args:
            reports (Sequence[SampleReport]): Of the usable samples.
        """
        print_log(f'{self.name}: {len(reports)} samples', 'current')

    def inspect_sample(self, info: Mapping[str, object], full: bool = False) -> SampleReport:
        """Look at the files of one sample; subclasses say more.

        Args:
            info (Mapping[str, object]): One item of the data list.
            full (bool): Read everything instead of the headers.

        Returns:
            SampleReport: Problems and facts.
        """
        return SampleReport(str(info.get('sample_id', '')))

    def keep_usable(self, data_list: list[dict], reports: Sequence[SampleReport]) -> list[dict]:
        """Report on the samples that cannot be used, and keep them in :attr:`unusable`.

        Args:
            data_list (list[dict]): All samples of the list.
            reports (Sequence[SampleReport]): What :meth:`inspect_sample` found, one per sample.

        Returns:
            list[dict]: The usable ones, in order.

        Raises:
            DataError: If one is unusable and ``on_bad='error'``.
        """
        self.num_listed = len(data_list)
        self.unusable = {report.sample_id: report.problems for report in reports if report.problems}
        if not self.unusable:
            return data_list
        text = self.describe_unusable(self.unusable, len(data_list))
        if self.on_bad == 'error':
            raise DataError(text)
        usable = [info for info, report in zip(data_list, reports, strict=True) if not report.problems]
        print_log(f'{text}\n  on_bad={self.on_bad!r}: going on with {len(usable)} samples.', 'current',
                  logging.WARNING)
        return usable

    def describe_unusable(self, bad: Mapping[str, list[str]], num_samples: int) -> str:
        """Report with counts, the first five examples and what to do.

        Args:
            bad (Mapping[str, list[str]]): Problems by sample id.
            num_samples (int): Size of the whole list.

        Returns:
            str: Several lines.
        """
        lines = [f'{len(bad)} of {num_samples} samples of {self.name} cannot be used:']
        lines += [f'  {sample_id}: {"; ".join(problems)}' for sample_id, problems in list(bad.items())[:_NUM_EXAMPLES]]
        if len(bad) > _NUM_EXAMPLES:
            lines.append(f'  ({len(bad) - _NUM_EXAMPLES} more: python tools/data/verify_dataset.py CONFIG lists all)')
        lines.append(f"  {self.HOW_TO_GET} Pass on_bad='skip' to leave them out, counted.")
        return '\n'.join(lines)

    def prepare_data(self, idx: int) -> dict:
        """Run the pipeline on one sample.

        Args:
            idx (int): Position; a :class:`SeededIndex` also seeds.

        Returns:
            dict: What the last transform returned.

        Raises:
            EgoExoError: Of the kind that a transform raised, or DataError for any other failure; names the sample.
        """
        seed_key = getattr(idx, 'seed_key', None)
        if seed_key is not None:
            seed_everything(seed_key)
        info = self.get_data_info(int(idx))
        where = f"sample '{info.get('sample_id', int(idx))}' of {self.name}"
        try:
            data = self.pipeline(info)
        except EgoExoError as error:
            raise type(error)(f'{where}: {error}') from error
        except Exception as error:
            raise DataError(explain(where, 'a sample from the pipeline', f'{type(error).__name__}: {error}',
                                    'Check the transforms of the config and the files of this sample.')) from error
        if data is None:
            raise DataError(explain(where, 'a sample from the pipeline', 'None, returned by a transform',
                                    'Leave samples out when the list is made (on_bad, exclude), not in the pipeline.'))
        return data

    def filter_data(self) -> list[dict]:
        """Decide how the finished list is kept; leaves nothing out.

        Returns:
            list[dict]: The list as it is.
        """
        # MMEngine's packed form saves memory in long lists, costs a full garbage collection and cannot be empty.
        self.serialize_data = self.serialize_data and len(self.data_list) >= _MIN_PACKED
        return self.data_list

    def _rand_another(self) -> int:
        raise DataError(explain(self.name, 'the sample that was asked for', 'a random other one in its place',
                                'Make the pipeline raise an error instead.'))
