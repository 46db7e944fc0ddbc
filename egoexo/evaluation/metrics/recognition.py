"""Registered metric of action recognition: verb, noun and action of a segment."""

import os
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from mmengine.logging import print_log

from egoexo.errors import PredictionError, explain
from egoexo.evaluation.functional.recognition_groups import RecognitionRow, RecognitionSubsets, recognition_groups
from egoexo.evaluation.functional.recognition_tables import (
    class_records,
    item_records,
    recognition_scalars,
    recognition_table,
)
from egoexo.evaluation.metrics.base import BaseEgoExoMetric, as_array
from egoexo.evaluation.protocols.recognition import get_protocols
from egoexo.formats.epic_classes import read_participants, read_tail_classes
from egoexo.registry import METRICS
from egoexo.utils.tables import format_table, write_csv

__all__ = ['RecognitionMetric']

_META = ('sample_id', 'uid', 'subset')
_FIELDS = ('gt_verb_label', 'gt_noun_label', 'pred_verb_scores', 'pred_noun_scores')


@METRICS.register_module()
class RecognitionMetric(BaseEgoExoMetric):
    """Accuracy of verb, noun and action by list, on all segments, on tail classes and on unseen participants.

    Reads ``pred_verb_scores`` (V,), ``pred_noun_scores`` (N,), ``gt_verb_label`` () and ``gt_noun_label`` () of a data
    sample, -1 for no label, and its meta information ``sample_id``, ``uid`` (of the video), ``subset`` and
    ``participant_id``. Keys, in percent, are the names of the official EPIC-100 script behind the list:
    ``<subset>/all_verb_accuracy_at_1``, ``_at_5``, ``<subset>/tail_action_accuracy_at_1``,
    ``<subset>/unseen_noun_accuracy_at_1`` and so on. Another protocol than ``'official'`` stands in front, e.g.
    ``meter/val/verb_top1``.

    Segments without a label are counted and not scored; a list without any (the test split) has no scores, which the
    log says, and can be submitted all the same. Hits are counted as integers, so the digits do not depend on the number
    of processes.

    Args:
        protocols (Sequence[str] | str): Names in ``evaluation/protocols/recognition.py``. ``'all'`` leaves out
            ``'probabilities'``, with a note, where the scores are negative.
        tail_verbs (str | None): File of the rare verbs, ``EPIC_100_tail_verbs.csv``; None takes those of the data set.
            Without any, the tail scores are absent, which the log says.
        tail_nouns (str | None): The same for nouns.
        unseen_participants (str | None): File of the participants of no training list,
            ``EPIC_100_unseen_participant_ids_validation.csv``; None takes those of the data set.
        per_class (bool): Add ``<subset>/verb_accuracy/<class>`` and ``<subset>/noun_accuracy/<class>``, percent, of the
            classes that occur.
        class_accuracy_file (str | None): CSV file to write, one line per list, task and class.
        num_bootstrap (int): Resampled lists of videos for 95 % intervals ``<key>_low`` and ``<key>_high``; 0 for none.
        bootstrap_seed (int): Seed of the resampling.
        per_video_file (str | None): CSV file to write, one line per protocol, list and video.
        item_file (str | None): CSV file to write, one line per labelled segment: truth, prediction, place of the truth.
        **kwargs: Arguments of :class:`BaseEgoExoMetric`.

    Raises:
        ConfigError: If a protocol is unknown.
        AnnotationError: If a file is missing or malformed.

    Examples:
        >>> from egoexo.registry import METRICS
        >>> metric = METRICS.build(dict(type='RecognitionMetric', protocols=('official', 'meter')))
    """

    prediction_hook = 'RecognitionPredictionHook'
    work_dir_files: ClassVar[dict[str, str]] = dict(item_file='items.csv')

    def __init__(self, protocols: Sequence[str] | str = ('official',), tail_verbs: str | os.PathLike | None = None,
                 tail_nouns: str | os.PathLike | None = None, unseen_participants: str | os.PathLike | None = None,
                 per_class: bool = False, class_accuracy_file: str | os.PathLike | None = None,
                 num_bootstrap: int = 0, bootstrap_seed: int = 0, per_video_file: str | os.PathLike | None = None,
                 item_file: str | os.PathLike | None = None, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.protocols = get_protocols(protocols)
        self._lenient = 'all' in ([protocols] if isinstance(protocols, str) else protocols)
        self._subsets = dict(
            tail_verbs=None if tail_verbs is None else read_tail_classes(tail_verbs),
            tail_nouns=None if tail_nouns is None else read_tail_classes(tail_nouns),
            unseen_participants=None if unseen_participants is None else read_participants(unseen_participants))
        self.per_class, self.class_accuracy_file = per_class, class_accuracy_file
        self.num_bootstrap, self.bootstrap_seed = num_bootstrap, bootstrap_seed
        self.per_video_file, self.item_file = per_video_file, item_file

    @property
    def subsets(self) -> RecognitionSubsets:
        """Tail classes and unseen participants, of the files or else of the data set; None where neither tells."""
        meta = self.dataset_meta or {}
        return RecognitionSubsets(**{name: meta.get(name) or None if given is None else given
                                     for name, given in self._subsets.items()})

    def describe_sample(self, data_sample: dict) -> RecognitionRow:
        """Keep prediction and truth of one segment.

        Args:
            data_sample (dict): See the class.

        Returns:
            RecognitionRow: Arrays on the CPU.

        Raises:
            PredictionError: If a field is absent, a score is not finite, or there is not one per class.
        """
        name = f'{data_sample.get("subset", "(no list)")}/{data_sample.get("sample_id", "(unnamed)")}'
        absent = [key for key in (*_META, *_FIELDS) if data_sample.get(key) is None]
        if absent:
            raise PredictionError(explain(
                f'segment {name}', f'the fields {", ".join(_FIELDS)} and the meta information {", ".join(_META)}',
                f'no {", ".join(absent)}', 'Check that model and data set are of this benchmark, and that PackClip '
                'keeps them.'))
        verb_label, noun_label, verb, noun = (as_array(data_sample[key]) for key in _FIELDS)
        for task, scores in (('verb', verb), ('noun', noun)):
            self._check(name, task, scores)
        return RecognitionRow(
            data_sample['sample_id'], data_sample['uid'], data_sample['subset'],
            np.array([int(verb_label), int(noun_label)]), verb, order=data_sample.get('sample_idx'), noun_scores=noun,
            participant_id=data_sample.get('participant_id') or '')

    def _check(self, name: str, task: str, scores: np.ndarray) -> None:
        """Refuse a prediction at once rather than at the end of the test."""
        num_classes = ((self.dataset_meta or {}).get('num_classes') or {}).get(task)
        if scores.ndim != 1 or scores.size != (num_classes or scores.size):
            expected = f'({num_classes},), one per class of the data set' if num_classes else '(C,)'
            raise PredictionError(explain(
                f'segment {name}', f'pred_{task}_scores of shape {expected}', f'{scores.shape}',
                f'Set num_classes[{task!r}] of model.cls_head and of the data set to the same number.'))
        if not np.isfinite(scores).all():
            raise PredictionError(explain(f'segment {name}', f'finite pred_{task}_scores', 'NaN or infinity',
                                          'Check the frames of the segment and the checkpoint.'))

    def compute_scores(self, rows: list[RecognitionRow]) -> dict[str, float]:
        """Score every list; show the table, write the CSV files.

        Args:
            rows (list[RecognitionRow]): One per sample, in data set order.

        Returns:
            dict[str, float]: Plain floats by key; see the class.

        Raises:
            PredictionError: If there is no row, a segment comes twice, or one cannot be scored.
        """
        subsets, class_names = self.subsets, (self.dataset_meta or {}).get('classes')
        groups, skipped = recognition_groups(
            rows, self.protocols, subsets, num_bootstrap=self.num_bootstrap, seed=self.bootstrap_seed,
            per_video=self.per_video_file is not None, lenient=self._lenient,
            per_class=self.per_class or self.class_accuracy_file is not None)
        table = format_table(recognition_table(groups)) if groups else 'no list is scored by these protocols'
        lines = list(dict.fromkeys(f'{group.subset}: {note}' for group in groups for note in group.notes)) + skipped
        lines += [f'protocol {protocol.name} [{protocol.hash}]: {protocol.description}' for protocol in self.protocols]
        print_log('\n'.join(['recognition', table, *lines]), logger='current')
        for path, records in (
                (self.per_video_file, [record for group in groups for record in group.videos]),
                (self.class_accuracy_file, class_records(groups, class_names)),
                (self.item_file, item_records(rows, subsets, class_names) if self.item_file and groups else [])):
            if path is not None and records:
                write_csv(path, records)
        return recognition_scalars(groups, class_names, self.per_class)
