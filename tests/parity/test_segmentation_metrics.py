"""Segmentation metrics against the numbers the released evaluator gave.

Pairs exact, aggregates within 1e-10, printed lines as strings. Every case of every fixture file is a test.
"""

import dataclasses
import hashlib
import json
import math

import numpy as np
import pytest
from tests_support import data_dir, parity_dir

from egoexo.evaluation.functional.segmentation import (
    Segments,
    count_video,
    edit_score,
    match_segments,
    official_line,
    segments,
    summarise,
)
from egoexo.evaluation.protocols.segmentation import PROTOCOLS
from egoexo.formats.egoexolearn import read_frame_labels, read_split

OWNS = {'segmentation': ['metric_*.json']}
OFFICIAL = PROTOCOLS['official']
#: The released evaluator skips segments called so; no real label is, but stored pairs are.
BACKGROUND, BACKGROUND_ID = 'background', 99
SKIPPING = dataclasses.replace(OFFICIAL, background=BACKGROUND_ID)
TAS = 'temporal_action_segmentation_benchmark/tas_annotation'


KINDS = ('metric_pairs', 'metric_corpora', 'metric_real_gts', 'metric_real_splits')


def cases(kind: str) -> list[dict]:
    """Cases of every file whose name begins with a kind."""
    return [case for path in sorted(parity_dir('segmentation').glob(f'{kind}*.json'))
            for case in json.loads(path.read_text())]


def tables(kind: str) -> dict:
    """Entries of every file whose name begins with a kind; a name may stand in one of them only."""
    merged: dict = {}
    for path in sorted(parity_dir('segmentation').glob(f'{kind}*.json')):
        entries = json.loads(path.read_text())
        assert not merged.keys() & entries.keys(), f'{path.name} repeats {sorted(merged.keys() & entries.keys())[:3]}'
        merged |= entries
    return merged


def expand(runs: list) -> np.ndarray:
    ids = [BACKGROUND_ID if label == BACKGROUND else int(label) for label, _ in runs]
    return np.repeat(np.array(ids, np.int64), [length for _, length in runs])


PAIRS, CORPORA = cases('metric_pairs'), cases('metric_corpora')
REAL, SPLITS = tables('metric_real_gts'), tables('metric_real_splits')


def test_fixtures_are_there_and_of_known_kinds() -> None:
    found = {path.name for path in parity_dir('segmentation').glob('metric_*.json')}
    unknown = sorted(name for name in found if not name.startswith(KINDS))
    assert found, f'no metric_*.json in {parity_dir("segmentation")}'
    assert not unknown, f'no test here looks at {unknown}'


def frame_counts(pred: np.ndarray, gt: np.ndarray) -> tuple[int, int]:
    counts = count_video(pred, gt, OFFICIAL)
    return counts.correct, counts.total


@pytest.mark.parametrize('case', PAIRS, ids=lambda case: case['name'])
def test_pair(case: dict) -> None:
    pred, gt = expand(case['pred']), expand(case['gt'])
    expected = case['expected']
    found, true = segments(pred, background=BACKGROUND_ID), segments(gt, background=BACKGROUND_ID)
    if 'segments_pred' in expected:
        names = [BACKGROUND if label == BACKGROUND_ID else str(label) for label in found.labels.tolist()]
        assert [names, found.starts.tolist(), found.ends.tolist()] == expected['segments_pred']
    same_or_error(expected['edit'], lambda: edit_score(pred, gt, background=BACKGROUND_ID))
    for key, value in expected.items():
        if key.startswith('tp_fp_fn@'):
            threshold = float(key.split('@')[1])
            same_or_error(value, lambda at=threshold: one_threshold(found, true, at))
    frames = expected['correct'] if isinstance(expected['correct'], str) else (expected['correct'], expected['total'])
    same_or_error(frames, lambda: frame_counts(pred, gt))


def one_threshold(found: Segments, true: Segments, threshold: float) -> list[int]:
    return [count[0] for count in match_segments(found, true, (threshold,))]


def same_or_error(expected: object, compute: object) -> None:
    """A string names the exception of the released code; ours are ValueErrors with a readable message."""
    if isinstance(expected, str):
        with pytest.raises(ValueError, match=r'\w'):
            compute()
    elif isinstance(expected, float) and math.isnan(expected):
        assert math.isnan(compute())
    else:
        assert compute() == expected


def check_aggregate(expected: dict, rows: list) -> None:
    scores = summarise(rows, OFFICIAL.thresholds)
    names = dict(acc='Acc', edit='Edit', f1_10='F1@10', f1_25='F1@25', f1_50='F1@50', f1_avg='F1@Avg', avg='Avg')
    for key, name in names.items():
        assert scores[name] == pytest.approx(expected[key], rel=0, abs=1e-10), name
    for key in ('tp', 'fp', 'fn'):
        assert [sum(getattr(row, key)[at] for row in rows) for at in range(3)] == expected[key]
    printed = [f'{key}: {scores[key]:.4f}' for key in ('Acc', 'Edit')]
    printed += [f'F1@{at:.2f}: {scores[f"F1@{100 * at:g}"]:.4f}' for at in OFFICIAL.thresholds]
    assert [*printed, official_line(scores)] == expected['printed']
    assert expected.get('n_videos', len(rows)) == len(rows)
    assert expected.get('n_frames', sum(row.total for row in rows)) == sum(row.total for row in rows)


@pytest.mark.parametrize('corpus', CORPORA, ids=lambda corpus: corpus['name'])
def test_corpus(corpus: dict) -> None:
    check_aggregate(corpus['expected'], [
        count_video(expand(video['pred']), expand(video['gt']), SKIPPING) for video in corpus['videos'].values()])


def real_labels(subset: str, count: int | None = None) -> dict[str, np.ndarray]:
    folder = data_dir('egoexolearn') / TAS
    uids = read_split(folder / 'splits' / f'{subset}_annotations.bundle')[:count]
    return {uid: read_frame_labels(folder / 'gts_fps25' / f'{uid}.txt') for uid in uids}


@pytest.mark.parametrize('name', [name for name in REAL if not name.endswith(('/gt_sha1', '/gt_rle'))])
def test_perturbed_real_truth(name: str) -> None:
    case = REAL[name]
    stored = REAL.get(f'{case["split"]}/gt_rle')
    uids = list(case['pred'])
    if stored is None:
        labels = real_labels(case['split'], case['first_k_of_split'])
        assert list(labels) == uids
    else:
        labels = {uid: expand(stored[uid]) for uid in uids}
    check_aggregate(case['expected'], [count_video(expand(case['pred'][uid]), labels[uid], SKIPPING) for uid in uids])


@pytest.mark.parametrize('name', [name for name in REAL if name.endswith('/gt_sha1')])
def test_truth_is_read_as_officially(name: str) -> None:
    subset = name.split('/')[0]
    for uid, labels in real_labels(subset, len(REAL[name])).items():
        text = '\n'.join(map(str, labels.tolist()))
        assert [labels.size, hashlib.sha1(text.encode()).hexdigest()] == REAL[name][uid], uid


def trivial(kind: str, gt: np.ndarray) -> np.ndarray:
    if kind == 'gt_itself':
        return gt
    if kind == 'reversed':
        return gt[::-1]
    if kind.startswith('gt_sampled_every_'):
        step = int(kind.rsplit('_', 1)[1])
        return np.repeat(gt[::step], step)
    assert kind.startswith('constant_'), f'unknown trivial prediction {kind}'
    return np.full_like(gt, int(kind.removeprefix('constant_')))


@pytest.mark.parametrize('name', list(SPLITS))
def test_whole_list_against_a_trivial_prediction(name: str) -> None:
    subset, kind = name.split('/')
    check_aggregate(SPLITS[name], [count_video(trivial(kind, gt), gt, OFFICIAL) for gt in real_labels(subset).values()])
