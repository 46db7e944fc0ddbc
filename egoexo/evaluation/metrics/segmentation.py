"""Registered metric of temporal action segmentation."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
from mmengine.logging import print_log

from egoexo.errors import ConfigError, PredictionError
from egoexo.evaluation.functional.segmentation_groups import (
    UNSEEN_TASKS,
    GroupScore,
    VideoRow,
    count_classes,
    count_protocols,
    group_scores,
)
from egoexo.evaluation.functional.segmentation_tables import class_accuracy, per_video_records, score_table
from egoexo.evaluation.metrics.base import BaseEgoExoMetric
from egoexo.evaluation.protocols.segmentation import get_protocols
from egoexo.registry import METRICS
from egoexo.utils.tables import format_table, write_csv

__all__ = ['SegmentationMetric']


@METRICS.register_module()
class SegmentationMetric(BaseEgoExoMetric):
    """Frame accuracy, edit score and F1 by list, under one or several named protocols.

    Reads ``pred_frame_labels`` (P,) and ``gt_frame_labels`` (G,) of a data sample and its meta information
    ``sample_id``, ``view``, ``subset`` and ``task``. Keys are ``<subset>/<name>`` under the official protocol, e.g.
    ``ego_val/F1@50``, and ``<protocol>/<subset>/<name>`` under another. Names: ``Acc``, ``Edit``, ``F1@10``,
    ``F1@25``, ``F1@50``, ``F1@Avg``, ``Avg``, all in percent.

    Args:
        protocols (Sequence[str] | str): Names in ``evaluation/protocols/segmentation.py``, or ``'all'``.
        pad (str): Prediction shorter than the truth: ``'error'``, or ``'repeat_last'`` repeats its last label.
        gt_has_last_frame (bool): The truth was loaded with ``drop_last_line=False``. Protocols that drop the last label
            then do it here; protocols that keep it (``'all_frames'``) need this.
        unseen_tasks (Mapping[str, Sequence[str]]): By view, the tasks that training does not contain; adds
            ``<subset>/seen/<name>`` and ``<subset>/unseen/<name>``. Empty for no breakdown.
        per_class (bool): Add ``<subset>/class_acc/<class>``, frame accuracy of each true class.
        num_classes (int): Number of classes, for ``per_class``.
        num_bootstrap (int): Resampled lists for 95 % intervals ``<key>_low`` and ``<key>_high``; 0 for none.
        bootstrap_seed (int): Seed of the resampling.
        per_video_file (str | None): CSV file to write, one line per protocol, list and video.
        **kwargs: Arguments of :class:`BaseEgoExoMetric`.

    Raises:
        ConfigError: If a protocol is unknown or needs labels that were not loaded.

    Examples:
        >>> from egoexo.registry import METRICS
        >>> metric = METRICS.build(dict(type='SegmentationMetric', protocols=('official', 'clean')))
    """

    def __init__(
            self,
            protocols: Sequence[str] | str = ('official',),
            pad: str = 'error',
            gt_has_last_frame: bool = False,
            unseen_tasks: Mapping[str, Sequence[str]] = UNSEEN_TASKS,
            per_class: bool = False,
            num_classes: int = 28,
            num_bootstrap: int = 0,
            bootstrap_seed: int = 0,
            per_video_file: str | os.PathLike | None = None,
            **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.protocols = tuple(protocol.with_pad(pad) for protocol in get_protocols(protocols))
        self.gt_has_last_frame = gt_has_last_frame
        if not isinstance(unseen_tasks, Mapping):
            raise ConfigError("SegmentationMetric: unseen_tasks must map a view to tasks, as in dict(ego=['task2']), "
                              f'got {unseen_tasks!r}. On the command line: test_evaluator.unseen_tasks.ego=[task2].')
        self.unseen_tasks = {view: tuple(tasks) for view, tasks in unseen_tasks.items()}
        self.per_class = per_class
        self.num_classes = num_classes
        self.num_bootstrap = num_bootstrap
        self.bootstrap_seed = bootstrap_seed
        self.per_video_file = per_video_file
        keep = [protocol.name for protocol in self.protocols if not protocol.drop_last_line]
        if keep and not gt_has_last_frame:
            raise ConfigError(
                f'protocol {", ".join(keep)} scores the last label of each file, which the data set drops. Load it '
                'with label_options=dict(drop_last_line=False) and set gt_has_last_frame=True here, or use '
                'tools/evaluate.py on saved predictions.')

    def describe_sample(self, data_sample: dict) -> VideoRow:
        """Count one video under every protocol.

        Args:
            data_sample (dict): See the class.

        Returns:
            VideoRow: Counts only, no labels.

        Raises:
            PredictionError: If the sample lacks a field or its prediction is too short.
        """
        absent = [key for key in ('sample_id', 'subset', 'view', 'gt_frame_labels', 'pred_frame_labels')
                  if data_sample.get(key) is None]
        if absent:
            raise PredictionError(
                f'sample {data_sample.get("sample_id", "(unnamed)")} has no {", ".join(absent)}; the model sets '
                'pred_frame_labels, LoadSequence gt_frame_labels, PackInputs the meta information.')
        pred, gt = (_as_array(data_sample[key]) for key in ('pred_frame_labels', 'gt_frame_labels'))
        truths = {True: gt[:-1], False: gt} if self.gt_has_last_frame else {True: gt}
        subset, sample_id = data_sample['subset'], data_sample['sample_id']
        return VideoRow(
            sample_id=sample_id, subset=subset, view=data_sample['view'], task=data_sample.get('task'),
            counts=count_protocols(pred, truths, self.protocols, subset, sample_id),
            order=data_sample.get('sample_idx'),
            class_frames=count_classes(pred, truths[True], self.num_classes) if self.per_class else None)

    def compute_scores(self, rows: list[VideoRow]) -> dict[str, float]:
        """Score every list; show the table, write the CSV.

        Args:
            rows (list[VideoRow]): One per sample, in data set order.

        Returns:
            dict[str, float]: Plain floats by key; see the class.

        Raises:
            PredictionError: If there is no row, or a list holds a video twice.
        """
        _check_unique(rows)
        groups = group_scores(rows, self.protocols, self.unseen_tasks, self.num_bootstrap, self.bootstrap_seed)
        self._show(groups)
        if self.per_video_file is not None and groups:
            write_csv(self.per_video_file, per_video_records(groups))
        scalars = {key: float(value) for group in groups for key, value in group.scalars.items()}
        return scalars | (self._class_scalars(rows) if self.per_class else {})

    def _class_scalars(self, rows: list[VideoRow]) -> dict[str, float]:
        names = (self.dataset_meta or {}).get('classes')
        scalars = {}
        for subset in dict.fromkeys(row.subset for row in rows):
            accuracy = class_accuracy([row for row in rows if row.subset == subset], names)
            scalars |= {f'{subset}/class_acc/{name}': value for name, value in accuracy.items()}
        return scalars

    def _show(self, groups: list[GroupScore]) -> None:
        lines = [f'protocol {protocol.name} [{protocol.hash}]: {protocol.description}' for protocol in self.protocols]
        padded = sorted({row.sample_id for group in groups for row in group.rows
                         if row.counts[group.protocol].num_padded})
        if padded:
            lines.append(f'{len(padded)} prediction(s) shorter than the truth, filled up with their last label: '
                         f'{", ".join(padded[:5])}{" ..." if len(padded) > 5 else ""}')
        table = format_table(score_table(groups)) if groups else 'no list is scored by these protocols'
        print_log('\n'.join(['segmentation', table, *lines]), logger='current')


def _as_array(labels: object) -> np.ndarray:
    # A tensor, possibly on another device; plain arrays come from tests and offline use.
    return labels.detach().cpu().numpy() if hasattr(labels, 'detach') else np.asarray(labels)


def _check_unique(rows: list[VideoRow]) -> None:
    if not rows:
        raise PredictionError('no video was predicted; check that the data set is not empty.')
    seen: set[tuple[str, str]] = set()
    twice = [key for row in rows if (key := (row.subset, row.sample_id)) in seen or seen.add(key)]
    if twice:
        raise PredictionError(
            f'{len(twice)} of {len(rows)} rows score a video of a list a second time: '
            f'{", ".join("/".join(key) for key in twice[:5])}. Check the lists for duplicates, and that the sampler '
            'gives sample i to process i modulo their number.')
