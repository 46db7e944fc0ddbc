"""Correspondence against the numbers that the official evaluator gave, to the last digit where nothing else is said."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
from tests_support import REPO, parity_dir

from egoexo.evaluation.functional.correspondence import iou, location_error
from egoexo.evaluation.functional.correspondence_boundary import boundary_f, boundary_map
from egoexo.evaluation.functional.correspondence_items import score_masks
from egoexo.evaluation.functional.correspondence_midpoints import midpoint_bin, midpoint_distance
from egoexo.evaluation.functional.correspondence_resize import (
    evaluation_shape,
    nearest_resize,
    pad_square,
    unpad_window,
)
from egoexo.evaluation.functional.run_mask import RunMask
from egoexo.evaluation.offline.correspondence import OFFICIAL_NAMES, Predictions, Truth, score, score_items
from egoexo.evaluation.protocols.correspondence import get_protocols
from egoexo.formats.rle import decode_rle, rle_runs

OWNS = {'correspondence': ['mask_pairs*.json', 'boundary_units*.json', 'resize*.json', 'take_*.json',
                           'casa_gio_*.json', 'real_runs_expected*.json']}
DIRECTIONS = {'ego-exo': 'ego2exo_val', 'exo-ego': 'exo2ego_val'}
SQUARE, SMALL = (480, 480), (30, 30)


def load(pattern: str) -> list:
    """Cases of all files of one kind."""
    return [case for path in sorted(parity_dir('correspondence').glob(pattern))
            for content in [json.loads(path.read_text())] for case in (content if isinstance(content, list) else
                                                                       [content])]


def runs(rle: dict) -> RunMask:
    return RunMask.from_runs(tuple(rle['size']), rle_runs(rle))


@pytest.mark.parametrize('case', load('mask_pairs*.json'))
def test_mask_pairs(case: dict) -> None:
    target, prediction = (decode_rle(case[name]).astype(bool) for name in ('gt', 'pred'))
    expected = case['expected']
    assert iou(prediction, target) == expected['iou']
    assert boundary_f(prediction, target) == expected['shape_acc']
    assert location_error(prediction, target) == expected['location']
    assert midpoint_distance(prediction, target) == pytest.approx(expected['mid_dist'], rel=0, abs=1e-12)
    assert midpoint_bin(prediction, target) == expected['mid_bin']
    assert score_masks(runs(case['pred']), runs(case['gt'])) == (
        expected['iou'], expected['shape_acc'], expected['location'], expected['gt_area'], expected['pred_area'],
        target.shape)
    assert ((expected['gt_area'] == 0) == (expected['pred_area'] == 0)) == expected['existence']


@pytest.mark.parametrize('case', load('boundary_units*.json'))
def test_boundaries(case: dict) -> None:
    first, second = (np.array(case[name], bool) for name in 'ab')
    np.testing.assert_array_equal(boundary_map(first), np.array(case['bmap_a'], bool))
    assert [boundary_f(first, second, bound_th) for bound_th in (0.008, 0.05, 1, 2)] == case['f']
    assert iou(second, first) == case['iou']


@pytest.mark.parametrize('case', load('resize*.json'), ids=lambda case: 'x'.join(map(str, case['mask']['size'])))
def test_resizing(case: dict) -> None:
    mask = decode_rle(case['mask'])
    shape = evaluation_shape(*mask.shape)
    np.testing.assert_array_equal(nearest_resize(mask, shape), decode_rle(case['nopad']))
    np.testing.assert_array_equal(runs(case['mask']).resize(shape).pixels(), decode_rle(case['nopad']))
    square = nearest_resize(pad_square(mask), SQUARE)
    if case['padsquare480'] is None:
        assert (max(mask.shape) - min(mask.shape)) % 2  # the official code raises, ours does not
        return
    np.testing.assert_array_equal(square, decode_rle(case['padsquare480']))
    np.testing.assert_array_equal(nearest_resize(square, SMALL), decode_rle(case['small30']))
    removed = square[unpad_window(480, mask.shape)]
    if mask.shape[0] == mask.shape[1]:
        assert case['removed_shape'] == [480, 0] and removed.shape == SQUARE  # nothing is left officially
    else:
        assert list(removed.shape) == case['removed_shape']
        np.testing.assert_array_equal(removed, decode_rle(case['removed']))


def test_three_takes() -> None:
    folder, = {path.parent for path in parity_dir('correspondence').glob('take_gt*.json')}
    expected = json.loads((folder / 'take_expected.json').read_text())
    predictions, truth = Predictions([folder / 'take_pred.json']), Truth(folder / 'take_gt.json')
    metrics = score(predictions, truth).scalars['metrics']
    rows, _ = score_items(predictions, truth, get_protocols('official'))
    for setting, subset in DIRECTIONS.items():
        assert {OFFICIAL_NAMES[name]: metrics[f'{subset}/{name}'] for name in OFFICIAL_NAMES
                } == expected[setting]['printed']
        for uid, lists in expected[setting]['per_take'].items():
            items = [row.scores[0] for row in rows if row.subset == subset and row.take_uid == uid]
            masks = [item.masks for item in items if item.visible]
            assert [item.visible for item in items] == lists['exist_gt']
            assert [item.pred_visible for item in items] == lists['exist_pred']
            for place, name in enumerate(('iou', 'shape_acc', 'location', 'size_gt', 'size_pred', 'im_size')):
                found = [list(mask[place]) if name == 'im_size' else mask[place] for mask in masks]
                assert found == lists[name], (uid, name)
            assert [(mask.area == 0) == (mask.pred_area == 0) for mask in masks] == lists['existence_acc']


@pytest.mark.parametrize('case', load('casa_gio_*.json'), ids=lambda case: case['expected']['run'])
def test_photos(case: dict, tmp_path: Path) -> None:
    for name in ('gt', 'pred'):
        (tmp_path / f'{name}.json').write_text(json.dumps(case[name]))
    protocols = ['official_nearest', 'pred_size']
    predictions, truth = Predictions([tmp_path / 'pred.json']), Truth(tmp_path / 'gt.json')
    check_run(score(predictions, truth, protocols).scalars['metrics'], case['expected'], abs_tol=1e-15)
    rows, _ = score_items(predictions, truth, get_protocols(protocols))
    lists = case['expected']['per_take_official']['take']
    masks = [row.scores[0].masks for row in rows]
    for place, name in enumerate(('iou', 'shape_acc', 'location')):
        assert [mask[place] for mask in masks] == pytest.approx(lists[name], rel=0, abs=6e-11)
    assert [row.scores[0].pred_visible for row in rows] == lists['exist_pred']


def check_run(metrics: dict[str, float], expected: dict, abs_tol: float) -> None:
    for prefix, stored, names in (
            ('official_nearest', expected['official_after_nearest_resize'], ('iou', 'shape', 'location', 'balanced')),
            ('pred_size', expected['fork_metrics_as_stored_and_rerun'],
             ('iou', 'shape_acc', 'location_score', 'balanced_acc'))):
        found = [metrics[f'{prefix}/exo2ego_val/{name}'] for name in OFFICIAL_NAMES]
        assert found == pytest.approx([stored[name] for name in names], rel=0, abs=abs_tol)


@pytest.mark.parametrize('case', load('real_runs_expected*.json'), ids=lambda case: case['run'])
def test_real_runs(case: dict) -> None:
    gt, pred = (find_by_hash(case[name]) for name in ('gt_sha256', 'pred_sha256'))
    predictions, truth = Predictions([pred]), Truth(gt)
    result = score(predictions, truth, ['official_nearest', 'pred_size'], per_video=True)
    check_run(result.scalars['metrics'], case, abs_tol=1e-9)
    group = result.groups[0]
    assert group.num_samples == case['n_items']
    assert sum(record['visible'] for record in group.videos) == case['n_visible']
    for record in group.videos:
        stored = case['per_take_official'][record['uid']]
        assert record['visible'] == stored['n_visible']
        assert [record['iou'], record['contour_acc'], record['location_error']] == pytest.approx(
            [stored['iou'], stored['shape'], stored['location']], rel=0, abs=1e-9)


def find_by_hash(sha256: str) -> Path:
    """JSON file of that content below the data folder; skips the test where there is none."""
    root = Path(os.environ.get('EGOEXO_DATA_DIR', REPO.parent / 'shared' / 'data'))
    for path in sorted(root.rglob('*.json')) if root.is_dir() else ():
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
            return path
    pytest.skip(f'no JSON file with SHA-256 {sha256} below {root}; set EGOEXO_DATA_DIR')
