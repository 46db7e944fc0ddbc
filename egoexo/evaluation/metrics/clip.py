"""What the metrics of anticipation, planning and transfer share: rows out of data samples, the table, the files."""

import os
from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from mmengine.logging import print_log

from egoexo.errors import PredictionError, explain
from egoexo.evaluation.functional.clip_groups import ClipGroup, ClipRow, group_scalars, score_table
from egoexo.evaluation.metrics.base import BaseEgoExoMetric, as_array
from egoexo.utils.tables import format_table, write_csv

__all__ = ['ClipMetric']


class ClipMetric(BaseEgoExoMetric):
    """Metric of a benchmark whose samples are moments of videos.

    A subclass sets :attr:`benchmark`, :attr:`target_field`, :attr:`logits_field` and :attr:`protocols`, and writes
    :meth:`group`.

    Args:
        num_bootstrap (int): Resampled lists of videos for 95 % intervals ``<key>_low`` and ``<key>_high``; 0 for none.
        bootstrap_seed (int): Seed of the resampling.
        per_video_file (str | None): CSV file to write, one line per protocol, list and video.
        **kwargs: Arguments of :class:`BaseEgoExoMetric`.
    """

    prediction_hook = 'ClipPredictionHook'
    benchmark = ''
    target_field = ''
    logits_field = ''
    sequences_field: str | None = None
    protocols: tuple = ()

    def __init__(self, num_bootstrap: int = 0, bootstrap_seed: int = 0,
                 per_video_file: str | os.PathLike | None = None, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.num_bootstrap = num_bootstrap
        self.bootstrap_seed = bootstrap_seed
        self.per_video_file = per_video_file

    def describe_sample(self, data_sample: dict) -> ClipRow:
        """Keep prediction and truth of one sample.

        Args:
            data_sample (dict): With ``sample_id``, ``uid``, ``subset``, the truth and a prediction.

        Returns:
            ClipRow: Arrays on the CPU.

        Raises:
            PredictionError: If a field is absent, or prediction and truth do not fit.
        """
        name = f'{data_sample.get("subset", "(no list)")}/{data_sample.get("sample_id", "(unnamed)")}'
        target, logits, sequences = (
            None if field is None or data_sample.get(field) is None else as_array(data_sample[field])
            for field in (self.target_field, self.logits_field, self.sequences_field))
        absent = [key for key in ('sample_id', 'uid', 'subset', self.target_field) if data_sample.get(key) is None]
        absent += [self.logits_field] if logits is None and sequences is None else []
        if absent:
            raise PredictionError(explain(
                f'sample {name}', f'the fields {self.target_field} and {self.logits_field} and the meta information '
                'sample_id, uid and subset', f'no {", ".join(absent)}', 'Check that model and data set are of this '
                'benchmark.'))
        if logits is not None:
            self.check_sample(name, logits, target)
        return ClipRow(data_sample['sample_id'], data_sample['uid'], data_sample['subset'], target, logits, sequences,
                       data_sample.get('sample_idx'))

    def check_sample(self, name: str, logits: np.ndarray, target: np.ndarray) -> None:
        """Refuse a prediction at once rather than at the end of the test.

        Args:
            name (str): Of the sample, for messages.
            logits (np.ndarray): Predicted.
            target (np.ndarray): True.

        Raises:
            PredictionError: If the shapes do not fit or a logit is not finite.
        """
        expected = self.logits_shape(target)
        wrong = len(logits.shape) != len(expected) or any(
            length is not None and length != found for length, found in zip(expected, logits.shape, strict=True))
        if wrong:
            text = ', '.join('C' if length is None else str(length) for length in expected)
            raise PredictionError(explain(
                f'sample {name}', f'{self.logits_field} of shape ({text}), as the truth says', f'{logits.shape}',
                'Set num_classes of the head to the number of classes of the data set. Check the horizon too.'))
        if not np.isfinite(logits).all():
            raise PredictionError(explain(f'sample {name}', f'finite {self.logits_field}', 'NaN or infinity',
                                          'Check the features and the checkpoint.'))

    @abstractmethod
    def logits_shape(self, target: np.ndarray) -> tuple[int | None, ...]:
        """Shape that the logits must have; None for a dimension that the truth does not tell.

        Args:
            target (np.ndarray): Truth of a sample.
        """

    @abstractmethod
    def group(self, rows: Sequence[ClipRow]) -> list[ClipGroup]:
        """Score the rows of the whole data set.

        Args:
            rows (Sequence[ClipRow]): One per sample, in data set order.
        """

    def compute_scores(self, rows: list[ClipRow]) -> dict[str, float]:
        """Score every list; show the table, write the CSV.

        Args:
            rows (list[ClipRow]): One per sample, in data set order.

        Returns:
            dict[str, float]: Plain floats by key; see the class.

        Raises:
            PredictionError: If there is no row, or a sample comes twice.
        """
        groups = self.group(rows)
        lines = [f'protocol {protocol.name} [{protocol.hash}]: {protocol.description}' for protocol in self.protocols]
        lines += dict.fromkeys(f'{group.subset}: {note}' for group in groups for note in group.notes)
        table = format_table(score_table(groups)) if groups else 'no list is scored by these protocols'
        print_log('\n'.join([self.benchmark, table, *lines]), logger='current')
        if self.per_video_file is not None and groups:
            write_csv(self.per_video_file, [record for group in groups for record in group.videos])
        return group_scalars(groups, (self.dataset_meta or {}).get('classes'))
