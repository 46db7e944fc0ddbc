"""Segmentation formulas on cases a person can work out, and against a literal loop on random ones."""

import dataclasses

import numpy as np
import pytest

from egoexo.errors import AnnotationError, PredictionError
from egoexo.evaluation.functional.segmentation import (
    Segments,
    VideoCounts,
    count_video,
    edit_score,
    match_segments,
    official_line,
    run_starts,
    segments,
    summarise,
)
from egoexo.evaluation.protocols.segmentation import PROTOCOLS

OFFICIAL = PROTOCOLS['official']


def labels(text: str) -> np.ndarray:
    return np.array([int(character) for character in text], np.int64)


def cut(text: str, **options: object) -> list[list[int]]:
    return [column.tolist() for column in segments(labels(text), **options)]


@pytest.mark.parametrize(('text', 'starts'), [('5', [0]), ('555', [0]), ('5511', [0, 2]), ('121', [0, 1, 2])])
def test_run_starts(text: str, starts: list[int]) -> None:
    assert run_starts(labels(text)).tolist() == starts


@pytest.mark.parametrize('bad', [np.zeros(0, int), np.zeros((2, 3), int)])
def test_run_starts_refuses_what_is_no_sequence(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r'shape \(G,\) with G >= 1'):
        run_starts(bad)


def test_segments() -> None:
    assert cut('00112') == [[0, 1, 2], [0, 2, 4], [2, 4, 4]]  # official: the last one has length 0
    assert cut('00112', ends='exact') == [[0, 1, 2], [0, 2, 4], [2, 4, 5]]
    assert cut('00110', background=0) == [[1], [2], [4]]
    assert cut('00', background=0) == [[], [], []]
    with pytest.raises(ValueError, match="'official' or 'exact', got 'fixed'"):
        cut('00', ends='fixed')


@pytest.mark.parametrize(('pred', 'gt', 'background', 'expected'), [
    ('0011', '0111', None, 100.0),
    ('0000', '0111', None, 50.0),
    ('1213', '1111', None, 25.0),
    ('0110', '1111', 0, 100.0),
    ('0000', '1111', 0, 0.0),
])
def test_edit_score(pred: str, gt: str, background: int | None, expected: float) -> None:
    assert edit_score(labels(pred), labels(gt), background=background) == expected


def test_edit_score_of_nothing_against_nothing_is_undefined() -> None:
    assert np.isnan(edit_score(labels('00'), labels('000'), background=0))


def literal_match(pred: Segments, gt: Segments, threshold: float) -> tuple[int, int, int]:
    """Section 8.4 of the evaluator's description, word by word."""
    hits = np.zeros(gt.labels.size)
    tp = fp = 0
    for label, start, end in zip(*pred, strict=True):
        intersection = np.minimum(end, gt.ends) - np.maximum(start, gt.starts)
        with np.errstate(invalid='ignore'):
            overlap = intersection / (np.maximum(end, gt.ends) - np.minimum(start, gt.starts)) * (gt.labels == label)
        best = np.argmax(overlap)
        if overlap[best] >= threshold and not hits[best]:
            tp, hits[best] = tp + 1, 1
        else:
            fp += 1
    return tp, fp, int(gt.labels.size - hits.sum())


@pytest.mark.parametrize('seed', range(60))
def test_matching_equals_the_literal_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    num_classes, longest = int(rng.integers(1, 5)), int(rng.integers(1, 12))
    gt = np.repeat(rng.integers(0, num_classes, 15), rng.integers(1, longest + 1, 15))
    pred = np.repeat(rng.integers(0, num_classes, 40), rng.integers(1, longest + 1, 40))[:gt.size + seed % 7]
    for background in (None, 0):
        for ends in ('official', 'exact'):
            found, true = (segments(x, ends=ends, background=background) for x in (pred, gt))
            if not true.labels.size:
                continue
            counts = match_segments(found, true, (0.1, 0.25, 0.5, 1.0))
            for index, threshold in enumerate((0.1, 0.25, 0.5, 1.0)):
                expected = literal_match(found, true, threshold)
                assert tuple(count[index] for count in counts) == expected, (background, ends, threshold)


@pytest.mark.parametrize(('pred', 'gt', 'ends', 'expected'), [
    ('112', '112', 'official', (1, 1, 1)),  # 0/0 at the last frame is a miss
    ('112', '112', 'exact', (2, 0, 0)),
    ('1121', '1111', 'exact', (1, 2, 0)),  # no second choice
    ('222', '111', 'exact', (0, 1, 1)),
])
def test_match_segments(pred: str, gt: str, ends: str, expected: tuple[int, int, int]) -> None:
    found, true = segments(labels(pred), ends=ends), segments(labels(gt), ends=ends)
    assert tuple(count[0] for count in match_segments(found, true, (0.5,))) == expected


def test_no_true_segment_to_match() -> None:
    with pytest.raises(AnnotationError, match='every frame is background'):
        match_segments(segments(labels('11')), segments(labels('00'), background=0))


def test_nothing_predicted_misses_everything() -> None:
    found = segments(labels('00'), background=0)
    assert match_segments(found, segments(labels('12')), (0.5,)) == ((0,), (0,), (2,))


def test_count_video() -> None:
    counts = count_video(labels('0011122'), labels('0001'), OFFICIAL)
    assert (counts.correct, counts.total, counts.edit) == (3, 4, (1 - 1 / 3) * 100)
    assert (counts.tp, counts.fp, counts.fn) == ((1, 1, 1), (2, 2, 2), (1, 1, 1))


@pytest.mark.parametrize(('pred', 'gt', 'error', 'message'), [
    ('001', '0011', PredictionError, 'video v: 3 predicted frames, but the truth has 4'),
    ('', '0011', PredictionError, r'video v: prediction must be \(P,\) with P >= 1, got \(0,\)'),
    ('001', '', AnnotationError, r'video v: truth must be \(G,\) with G >= 1, got \(0,\)'),
])
def test_count_video_refuses(pred: str, gt: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        count_video(labels(pred), labels(gt), OFFICIAL, 'v')


def test_short_prediction_is_filled_up_on_request() -> None:
    counts = count_video(labels('01'), labels('0111'), OFFICIAL.with_pad('repeat_last'))
    assert counts == dataclasses.replace(count_video(labels('0111'), labels('0111'), OFFICIAL), num_padded=2)


def test_background_only_truth() -> None:
    no_background = PROTOCOLS['no_background']
    counts = count_video(labels('0110'), labels('0000'), no_background)
    assert (counts.edit, counts.tp, counts.fp, counts.fn) == (0.0, (0, 0, 0), (1, 1, 1), (0, 0, 0))
    assert count_video(labels('0000'), labels('0000'), no_background).edit == 100.0
    strict = dataclasses.replace(no_background, empty_gt='error')
    with pytest.raises(AnnotationError, match='video v: the truth has no segment to match'):
        count_video(labels('0110'), labels('0000'), strict, 'v')


def test_summarise() -> None:
    rows = [
        VideoCounts(correct=8, total=10, edit=50.0, tp=(3, 2, 0), fp=(1, 2, 4), fn=(1, 2, 4)),
        VideoCounts(correct=15, total=30, edit=100.0, tp=(1, 1, 0), fp=(3, 3, 4), fn=(0, 0, 1)),
    ]
    scores = summarise(rows)
    assert scores == pytest.approx({
        'Acc': 57.5, 'Edit': 75.0, 'F1@10': 800 / 13, 'F1@25': 600 / 13, 'F1@50': 0.0,
        'F1@Avg': 1400 / 39, 'Avg': (57.5 + 75 + 1400 / 13) / 5}, abs=1e-12)
    assert official_line(scores) == 'Acc: 57.5000, Edit: 75.0, F1@Avg: 35.8974, Avg: 48.0385'


def test_summarise_nothing() -> None:
    with pytest.raises(ValueError, match='at least one row'):
        summarise([])


def test_no_segment_at_all_scores_zero_and_not_nan() -> None:
    assert summarise([VideoCounts(4, 4, 100.0, (0,) * 3, (0,) * 3, (0,) * 3)])['F1@Avg'] == 0.0
