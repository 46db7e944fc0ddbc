"""Registered metric of segment classification across domains."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from egoexo.evaluation.functional.clip_groups import ClipGroup, ClipRow
from egoexo.evaluation.functional.transfer import check_labels
from egoexo.evaluation.functional.transfer_groups import class_files, class_records, transfer_groups
from egoexo.evaluation.metrics.clip import ClipMetric
from egoexo.evaluation.protocols.transfer import get_protocols
from egoexo.formats.whole_file import write_whole
from egoexo.registry import METRICS
from egoexo.utils.tables import write_csv

__all__ = ['TransferMetric']


@METRICS.register_module()
class TransferMetric(ClipMetric):
    """Top-1, top-5 and mean class accuracy of segments, by list.

    Reads ``pred_class_logits`` (C,) and ``gt_label`` () of a data sample and its meta information ``sample_id``,
    ``uid`` (of the take) and ``subset``. Keys, in percent: ``<subset>/top1``, ``<subset>/top5`` (absent below five
    classes, which the log says) and ``<subset>/mean_class_acc``. Another protocol than ``'official'`` stands in front,
    e.g. ``ignore_absent/exo_val/mean_class_acc``. Hits are counted as integers, so the digits do not depend on the
    number of processes.

    Args:
        protocols (Sequence[str] | str): Names in ``evaluation/protocols/transfer.py``, or ``'all'``.
        per_class (bool): Add ``<subset>/class_acc/<class>``, percent; 0 for a class without a segment.
        class_accuracy_file (str | None): File of the accuracy of each class. ``.csv``: one line per protocol, list and
            class. Any other suffix: the released format, one number per line, in one file per list,
            ``<stem>_<subset><suffix>``.
        **kwargs: Arguments of :class:`ClipMetric`.

    Raises:
        ConfigError: If a protocol is unknown.

    Examples:
        >>> from egoexo.registry import METRICS
        >>> metric = METRICS.build(dict(type='TransferMetric', protocols=('official', 'ignore_absent')))
    """

    benchmark = 'transfer'
    target_field = 'gt_label'
    logits_field = 'pred_class_logits'

    def __init__(self, protocols: Sequence[str] | str = ('official',), per_class: bool = False,
                 class_accuracy_file: str | os.PathLike | None = None, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.protocols = get_protocols(protocols)
        self.per_class = per_class
        self.class_accuracy_file = class_accuracy_file

    def logits_shape(self, target: np.ndarray) -> tuple[int | None, ...]:
        """(C,), C being the number of classes of the data set where it tells them.

        Args:
            target (np.ndarray): ().
        """
        return (len((self.dataset_meta or {}).get('classes') or ()) or None,)

    def check_sample(self, name: str, logits: np.ndarray, target: np.ndarray) -> None:
        """Refuse a prediction at once rather than at the end of the test.

        Args:
            name (str): Of the sample, for messages.
            logits (np.ndarray): Predicted, (C,).
            target (np.ndarray): True class, ().

        Raises:
            PredictionError: If the shape does not fit, a logit is not finite, or the label is none of the classes.
        """
        super().check_sample(name, logits, target)
        check_labels(target.reshape(-1), logits.size, [name] * target.size)

    def group(self, rows: Sequence[ClipRow]) -> list[ClipGroup]:
        """See :func:`transfer_groups`; writes the file of class accuracies.

        Args:
            rows (Sequence[ClipRow]): One per sample.
        """
        groups = transfer_groups(
            rows, self.protocols, num_bootstrap=self.num_bootstrap, seed=self.bootstrap_seed,
            per_video=self.per_video_file is not None,
            per_class=self.per_class or self.class_accuracy_file is not None)
        if self.class_accuracy_file is not None:
            self._write_classes(groups)
        return groups if self.per_class else [replace(group, class_recall=None) for group in groups]

    def _write_classes(self, groups: Sequence[ClipGroup]) -> None:
        path = Path(self.class_accuracy_file)
        if path.suffix == '.csv':
            write_csv(path, class_records(groups, (self.dataset_meta or {}).get('classes')))
            return
        for file, text in class_files(path, groups).items():
            write_whole(file, text)
