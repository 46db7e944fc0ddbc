"""Score one take of correspondence: what each process of the evaluator does."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, NoReturn

from egoexo.errors import AnnotationError, PredictionError, explain
from egoexo.evaluation.functional.correspondence_items import ItemRow, describe_item
from egoexo.evaluation.functional.run_mask import RunMask
from egoexo.evaluation.offline.take_spans import Span, read_span
from egoexo.evaluation.protocols.correspondence import CorrespondenceProtocol
from egoexo.formats.correspondence_pairs import Track, iter_tracks
from egoexo.formats.correspondence_results import pair_key
from egoexo.formats.correspondence_take import TakeAnnotation, parse_take_annotation, read_take_annotation
from egoexo.formats.relations import is_ego
from egoexo.formats.rle import rle_runs

__all__ = ['BAD_CONFIDENCE', 'BAD_MASK', 'NULL_MASK', 'TakeResult', 'TakeTask', 'score_take']

BAD_CONFIDENCE, BAD_MASK = 'a confidence that is no finite number', 'a mask that cannot be decoded'
#: Kind of gap in the truth that may be passed over; the others may not.
NULL_MASK = 'null instead of a mask'
_TWO_EGO, _NO_FRAMES = 'two ego cameras', 'no list of annotated frames for a camera'


class TakeTask(NamedTuple):
    """Work for one process.

    Args:
        number (int): Place of the take in the truth.
        take_uid (str): Its uid.
        truth (Span | Path): Place in a ground-truth file, or ``annotation.json`` of a prepared take.
        predictions (dict[str, Span | None]): By direction; None if the take was not predicted.
        split (str): For the names of lists.
        protocols (tuple[CorrespondenceProtocol, ...]): Rules.
        num_bytes (int): To be read, for the progress.
    """

    number: int
    take_uid: str
    truth: Span | Path
    predictions: dict[str, Span | None]
    split: str
    protocols: tuple[CorrespondenceProtocol, ...]
    num_bytes: int


class TakeResult(NamedTuple):
    """What a process gives back.

    Args:
        rows (list[ItemRow]): Frames that a protocol counts.
        gaps (dict[str, list[str]]): Names of what is wrong with the truth, by kind.
        num_without_ego (int): Objects without an ego camera, which take no part.
        num_bytes (int): Of the task.
    """

    rows: list[ItemRow]
    gaps: dict[str, list[str]]
    num_without_ego: int
    num_bytes: int


def score_take(task: TakeTask) -> TakeResult:
    """Read truth and predictions of a take and score every frame.

    Args:
        task (TakeTask): The work.

    Returns:
        TakeResult: Bad predictions are problems of their rows, a bad truth a gap.

    Raises:
        AnnotationError: If the truth is malformed or does not say which frames were annotated.
        PredictionError: If the predictions of the take are malformed.
    """
    take = _truth(task)
    gaps: dict[str, list[str]] = {}
    for name, views in take.masks.items():
        if sum(map(is_ego, views)) > 1:
            gaps.setdefault(_TWO_EGO, []).append(f'{task.take_uid}//{name}')
    rows: list[ItemRow] = []
    for direction, span in task.predictions.items():
        found, offset = _objects(span), task.number << 40
        for track in iter_tracks(take, direction):
            pair = pair_key(track.query_camera, track.target_camera)
            predicted = found.get(track.object_name, {}).get(pair, {})
            if not isinstance(predicted, dict):
                _refuse_form(span, f'object {track.object_name!r} {pair}', predicted)
            rows += _score_track(task, take, direction, track, predicted, offset, gaps)
            offset += len(track.frames)
    without = sum(not any(map(is_ego, views)) for views in take.masks.values())
    return TakeResult(rows, gaps, without, task.num_bytes)


def _truth(task: TakeTask) -> TakeAnnotation:
    if isinstance(task.truth, Path):
        take, where = read_take_annotation(task.truth), str(task.truth)
    else:
        where = f'{task.truth.path} take {task.take_uid}'
        take = parse_take_annotation(task.take_uid, read_span(task.truth, AnnotationError), where)
    if take.annotated_frames is None:
        raise AnnotationError(explain(
            where, "the key 'annotated_frames'", 'none, as in takes that the official code prepared', 'Make the '
            'ground truth from the relations file, with tools/data/prepare_correspondence.py --ground-truth.'))
    return take


def _objects(span: Span | None) -> dict:
    """Predictions of a take, object by object; each is a dictionary."""
    if span is None:
        return {}
    content = read_span(span, PredictionError)
    masks = content.get('masks') if isinstance(content, dict) else content
    if not isinstance(masks, dict):
        _refuse_form(span, 'masks', masks)
    for name, pairs in masks.items():
        if not isinstance(pairs, dict):
            _refuse_form(span, f'object {name!r}', pairs)
    return masks


def _refuse_form(span: Span, part: str, found: object) -> NoReturn:
    raise PredictionError(explain(f'{span.path} {span.parent} take {span.take_uid} {part}', 'an object of the official '
                                  'format', f'{found!r:.80}', 'Write the predictions again.'))


def _score_track(task: TakeTask, take: TakeAnnotation, direction: str, track: Track, predicted: Mapping[str, object],
                 offset: int, gaps: dict[str, list[str]]) -> Iterator[ItemRow]:
    subset = f'{direction}_{task.split}'
    masks = take.masks[track.object_name][track.target_camera]
    frames = take.annotated_frames.get(track.object_name, {}).get(track.target_camera)
    if frames is None:
        gaps.setdefault(_NO_FRAMES, []).append(f'{task.take_uid}//{track.object_name}//{track.target_camera}')
        return
    annotated = set(frames)
    for place, frame in enumerate(track.frames):
        is_annotated, target = int(frame) in annotated, None
        if not is_annotated and frame not in masks:
            continue
        name = (task.take_uid, track.object_name, track.query_camera, track.target_camera, frame)
        if frame in masks:
            try:
                target = _decode(masks[frame])
            except AnnotationError:
                gaps.setdefault(BAD_MASK, []).append('//'.join(name))
                continue
            if target is None:
                gaps.setdefault(NULL_MASK, []).append('//'.join(name))
                continue
        mask, confidence, problem = _prediction(predicted.get(frame))
        row = describe_item((subset, *name, offset + place), target, mask, confidence, is_annotated, task.protocols,
                            problem)
        if any(row.scores):
            yield row


def _decode(rle: object) -> RunMask | None:
    """Mask of its stored form; None of null."""
    if rle is None:
        return None
    runs = rle_runs(rle)
    return RunMask.from_runs(tuple(rle['size']), runs)


def _prediction(value: object) -> tuple[RunMask | None, float, str]:
    """Mask (None without a prediction), confidence, and what is wrong with them."""
    if value is None:
        return None, 0.0, ''
    value = value if isinstance(value, dict) else {}
    confidence = value.get('confidence')
    if isinstance(confidence, list) and len(confidence) == 1:
        confidence = confidence[0]
    if not isinstance(confidence, int | float) or isinstance(confidence, bool) or not math.isfinite(confidence):
        return None, 0.0, BAD_CONFIDENCE
    try:
        mask = _decode(value.get('pred_mask'))
    except AnnotationError:
        mask = None
    return (mask, confidence, '') if mask is not None else (None, 0.0, BAD_MASK)
