"""Registered metric of correspondence: the object of a mask, found in another view."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from mmengine.logging import print_log

from egoexo.errors import AnnotationError, PredictionError, explain
from egoexo.evaluation.functional.clip_groups import group_scalars, score_table
from egoexo.evaluation.functional.correspondence_groups import correspondence_groups, item_lists
from egoexo.evaluation.functional.correspondence_items import ItemRow, describe_item
from egoexo.evaluation.functional.correspondence_sizes import size_records, size_table
from egoexo.evaluation.functional.run_mask import RunMask
from egoexo.evaluation.metrics.base import BaseEgoExoMetric, as_array
from egoexo.evaluation.protocols.correspondence import get_protocols
from egoexo.formats.rle import Rle, rle_runs
from egoexo.registry import METRICS
from egoexo.utils.tables import format_table, write_csv

__all__ = ['CorrespondenceMetric', 'ScoredFrame']

_PLACE = ('subset', 'uid', 'object_name', 'query_camera', 'target_camera', 'frame', 'order')
_PREDICTION = ('pred_target_mask', 'pred_confidence')


@dataclass(frozen=True)
class ScoredFrame:
    """Keeps the row of a frame whole: MMEngine turns named tuples into plain ones while it merges the processes.

    Args:
        row (ItemRow): Numbers of the frame.
    """

    row: ItemRow


@METRICS.register_module()
class CorrespondenceMetric(BaseEgoExoMetric):
    """IoU, contour accuracy, location error and visibility accuracy, by list, under one or several protocols.

    Reads ``pred_target_mask`` (h, w), padding removed, and ``pred_confidence`` () of a data sample, and its meta
    information ``subset``, ``uid`` (of the take), ``object_name``, ``query_camera``, ``target_camera``, ``frame``,
    ``order`` (place in the official list), ``target_rle`` (annotated mask at its stored size, None where the object is
    not visible) and ``is_annotated``. Keys are ``<subset>/iou``, ``<subset>/contour_acc``, ``<subset>/location_error``
    and ``<subset>/visibility_acc``, fractions as the official evaluator prints them; another protocol than
    ``'official'`` stands in front, e.g. ``both_annotated/ego2exo_val/iou``.

    A sample becomes a row of numbers at once and masks are not kept. Rows are added up in official order, so the digits
    are those of ``tools/evaluate.py correspondence``, whatever the number of processes. A frame in which nobody looked
    for the object counts nowhere; a list without any other (the official test split) has no scores, which the log says.

    Args:
        protocols (Sequence[str] | str): Names in ``evaluation/protocols/correspondence.py``, or ``'all'``.
        resize_pred (str | None): Changes that rule of all protocols: ``'error'`` or ``'nearest'``; None keeps it.
        by_size (bool): Also show the scores by the size of the object in the picture.
        num_bootstrap (int): Resampled lists of takes for 95 % intervals ``<key>_low`` and ``<key>_high``; 0 for none.
        bootstrap_seed (int): Seed of the resampling.
        per_video_file (str | None): CSV file to write, one line per protocol, list and take.
        item_file (str | None): CSV file to write, one line per list and frame that the first protocol counts, with its
            numbers.
        **kwargs: Arguments of :class:`BaseEgoExoMetric`.

    Raises:
        ConfigError: If a protocol is unknown.

    Examples:
        >>> from egoexo.registry import METRICS
        >>> metric = METRICS.build(dict(type='CorrespondenceMetric', protocols=('official', 'registered')))
    """

    prediction_hook = 'CorrespondencePredictionHook'
    work_dir_files: ClassVar[dict[str, str]] = dict(item_file='items.csv')

    def __init__(self, protocols: Sequence[str] | str = ('official',), resize_pred: str | None = None,
                 by_size: bool = False, num_bootstrap: int = 0, bootstrap_seed: int = 0,
                 per_video_file: str | os.PathLike | None = None, item_file: str | os.PathLike | None = None,
                 **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.protocols = get_protocols(protocols, **({} if resize_pred is None else dict(resize_pred=resize_pred)))
        self.by_size = by_size
        self.num_bootstrap, self.bootstrap_seed = num_bootstrap, bootstrap_seed
        self.per_video_file, self.item_file = per_video_file, item_file

    def describe_sample(self, data_sample: dict) -> ScoredFrame:
        """Score one frame under every protocol.

        Args:
            data_sample (dict): See the class.

        Returns:
            ScoredFrame: Numbers only.

        Raises:
            PredictionError: If a field is absent, the confidence is not finite, or the predicted mask has not the size
                that a protocol asks for.
            AnnotationError: If the annotated mask is damaged.
        """
        name = f'{data_sample.get("subset", "(no list)")}/{data_sample.get("sample_id", "(unnamed)")}'
        absent = [key for key in (*_PLACE, *_PREDICTION) if data_sample.get(key) is None]
        absent += [key for key in ('target_rle', 'is_annotated') if key not in data_sample]
        if absent:
            raise PredictionError(explain(
                f'sample {name}', f'the fields {" and ".join(_PREDICTION)} and the meta information '
                f'{", ".join(_PLACE)}, target_rle and is_annotated', f'no {", ".join(absent)}',
                'Check that model and data set are of this benchmark, and that PackPair keeps them.'))
        mask, confidence = (as_array(data_sample[key]) for key in _PREDICTION)
        if mask.ndim != 2 or confidence.size != 1 or not np.isfinite(confidence).all():
            raise PredictionError(explain(
                f'sample {name}', 'a mask (h, w) and one finite confidence',
                f'a mask {mask.shape} and a confidence {confidence.tolist()}', 'Check the model and the checkpoint.'))
        row = describe_item(tuple(data_sample[key] for key in _PLACE), _target(data_sample['target_rle'], name),
                            RunMask.from_array(mask), float(confidence), data_sample['is_annotated'], self.protocols)
        for protocol, scores in zip(self.protocols, row.scores, strict=True):
            if scores is not None and scores.problem:
                raise PredictionError(explain(
                    f'sample {name}', f'a mask that protocol {protocol.name} can score', scores.problem,
                    "Take the padding off, and predict at 480 pixels; or set resize_pred='nearest'."))
        return ScoredFrame(row)

    def compute_scores(self, rows: list[ScoredFrame]) -> dict[str, float]:
        """Score every list; show the table, write the CSV files.

        Args:
            rows (list[ScoredFrame]): One per sample.

        Returns:
            dict[str, float]: Plain floats by key; see the class.

        Raises:
            PredictionError: If there is no row, or a frame comes twice.
        """
        items = [row.row for row in rows]
        lists = item_lists(items)
        groups = correspondence_groups(items, self.protocols, num_bootstrap=self.num_bootstrap,
                                       seed=self.bootstrap_seed, per_video=self.per_video_file is not None)
        lines = [f'protocol {protocol.name} [{protocol.hash}]: {protocol.description}' for protocol in self.protocols]
        lines += dict.fromkeys(f'{group.prefixes[0]}: {note}' for group in groups for note in group.notes)
        lines += [f'{subset}: no number, as nobody looked for the objects in the target views of its {len(members):,} '
                  'pairs; the annotations of the test split are not public' for subset, members in lists.items()
                  if not any(scores is not None for row in members for scores in row.scores)]
        table = format_table(score_table(groups)) if groups else 'no list is scored by these protocols'
        sizes = size_records(items, self.protocols) if self.by_size and groups else []
        tables = [table, format_table(size_table(sizes))] if sizes else [table]
        print_log('\n'.join(['correspondence', *tables, *lines]), logger='current')
        if self.per_video_file is not None and groups:
            write_csv(self.per_video_file, [record for group in groups for record in group.videos])
        records = [_record(row) for members in lists.values() for row in members if row.scores[0] is not None]
        if self.item_file is not None and records:
            write_csv(self.item_file, records)
        return group_scalars(groups)


def _target(rle: Rle | None, name: str) -> RunMask | None:
    if rle is None:
        return None
    try:
        return RunMask.from_runs(tuple(rle['size']), rle_runs(rle))
    except AnnotationError as error:
        raise AnnotationError(f'sample {name}, target view: {error}') from error


def _record(row: ItemRow) -> dict[str, object]:
    """Line of the file of items: numbers of the first protocol, empty where it compares no masks."""
    scores, masks = row.scores[0], row.scores[0].masks
    return dict(
        subset=row.subset, take_uid=row.take_uid, object_name=row.object_name, query_camera=row.query_camera,
        target_camera=row.target_camera, frame=row.frame, gt_exists=int(scores.visible),
        pred_exists=int(scores.pred_visible), iou='' if masks is None else masks.iou,
        contour='' if masks is None else masks.contour, location='' if masks is None else masks.location,
        area_share='' if masks is None else masks.area / (masks.size[0] * masks.size[1]))
