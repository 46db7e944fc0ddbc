"""What every metric of the toolbox promises: one row per sample, no other state."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import wraps
from typing import ClassVar

import numpy as np
from mmengine.evaluator import BaseMetric

__all__ = ['BaseEgoExoMetric', 'as_array']

_RULE = ('Rows of several processes are merged in turn and cut to the length of the data set, so exactly one row per '
         'sample has to be appended to self.results.')


def as_array(values: object) -> np.ndarray:
    """Field of a data sample as an array on the CPU.

    Args:
        values (object): Tensor, possibly on another device or of half precision, which becomes float32; plain arrays
            come from tests and offline use.
    """
    if not hasattr(values, 'detach'):
        return np.asarray(values)
    values = values.detach().cpu()
    return (values.float() if values.is_floating_point() else values).numpy()


def _count_rows(process: Callable) -> Callable:
    @wraps(process)
    def checked(self: 'BaseEgoExoMetric', data_batch: object, data_samples: Sequence[dict]) -> None:
        before = len(self.results)
        process(self, data_batch, data_samples)
        added = len(self.results) - before
        if added != len(data_samples):
            raise AssertionError(
                f'{type(self).__name__}.process appended {added} rows for {len(data_samples)} samples. {_RULE}')

    return checked


class BaseEgoExoMetric(BaseMetric):
    """MMEngine metric that checks its rows.

    A subclass writes :meth:`describe_sample` (one sample in, one row out) and :meth:`compute_scores` (rows of the
    whole data set in, numbers out). It may override :meth:`process` instead of the former; the number of rows is
    checked there all the same, and once more after the processes were merged.

    Args:
        collect_device (str): ``'cpu'`` exchanges rows through files, ``'gpu'`` through the process group.
        prefix (str | None): Put before every key as ``<prefix>/``.
        collect_dir (str | None): Folder for the exchange when ``collect_device='cpu'``.
    """

    default_prefix = ''  # keys are complete; None would make MMEngine warn
    #: Hook with which ``tools/test.py`` keeps the predictions of the benchmark.
    prediction_hook = 'FramePredictionHook'
    #: Argument -> file that ``tools/test.py`` lets the metric write into the work directory, for the report.
    work_dir_files: ClassVar[dict[str, str]] = {}

    def __init__(
            self, collect_device: str = 'cpu', prefix: str | None = None, collect_dir: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        self._num_samples: int | None = None

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Check the rows of a ``process`` that the subclass brings along."""
        super().__init_subclass__(**kwargs)
        if 'process' in cls.__dict__:
            cls.process = _count_rows(cls.process)

    @_count_rows
    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Append one row per sample.

        Args:
            data_batch (object): Not used.
            data_samples (Sequence[dict]): Data samples with predictions and truth, as dicts.

        Raises:
            AssertionError: If a subclass appends another number of rows than there are samples.
        """
        self.results.extend([self.describe_sample(sample) for sample in data_samples])

    def describe_sample(self, data_sample: dict) -> object:
        """Reduce one sample to its row: small, of plain Python or numpy values, as it travels between processes.

        Args:
            data_sample (dict): Data sample with prediction and truth.

        Returns:
            object: The row.
        """
        raise TypeError(f'{type(self).__name__} must define describe_sample or override process.')

    @abstractmethod
    def compute_scores(self, rows: list) -> dict[str, float]:
        """Turn the rows of the whole data set into numbers; called on the main process only.

        Args:
            rows (list): One row per sample, in data set order.

        Returns:
            dict[str, float]: Plain floats by key.
        """

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Check the number of merged rows, then call :meth:`compute_scores`.

        Args:
            results (list): Merged rows.

        Returns:
            dict[str, float]: Plain floats by key.

        Raises:
            AssertionError: If there is not one row per sample of the data set.
        """
        if self._num_samples is not None and len(results) != self._num_samples:
            raise AssertionError(f'{type(self).__name__} got {len(results)} rows for a data set of '
                                 f'{self._num_samples} samples. {_RULE}')
        return self.compute_scores(results)

    def evaluate(self, size: int) -> dict[str, float]:
        """Merge the rows of all processes and score them.

        Args:
            size (int): Number of samples of the data set.

        Returns:
            dict[str, float]: Scores, the same on every process.
        """
        self._num_samples = size
        return super().evaluate(size)
