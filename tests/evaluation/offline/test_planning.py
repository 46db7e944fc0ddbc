"""Scoring saved planning predictions."""

from pathlib import Path

import numpy as np
import pytest
from tests_support import data_dir

from egoexo.errors import AnnotationError, PredictionError
from egoexo.evaluation.functional.planning_groups import Sampling
from egoexo.evaluation.offline.clip_predictions import ClipPredictions
from egoexo.evaluation.offline.planning import Annotations, score
from egoexo.formats.egoexolearn_planning import PlannedSteps, list_name, write_planning_list

BENCHMARK = 'action_anticipation_planning_benchmark/planning_annotation'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    rng, arrays = np.random.default_rng(0), {}
    for view, gaze in (('ego', False), ('ego', True), ('exo', False)):
        subset = f'{view}_{"gaze_" if gaze else ""}val'
        rows = [PlannedSteps(f'{view}{index % 3}', f'{end}', float(end), tuple(rng.integers(0, 27, 8).tolist()))
                for index, end in enumerate([1.5, 2, 7, 9.25, 11, 11])]
        write_planning_list(tmp_path / BENCHMARK / 'annotation' / list_name(view, 'val', gaze), rows)
        truth = Annotations(tmp_path).read(subset)
        arrays[f'{subset}/ids'] = np.array(truth.ids)[::-1]
        arrays[f'{subset}/logits'] = rng.standard_normal((6, 8, 27)).astype('f4')
    np.savez(tmp_path / 'p.npz', **arrays)
    return tmp_path


def test_truth(root: Path) -> None:
    truth = Annotations(root / BENCHMARK).read('exo_val')
    assert truth.ids == ['exo0|1.5', 'exo1|2', 'exo2|7', 'exo0|9.25', 'exo1|11', 'exo2|11']
    assert (truth.targets[0] == -1).all() and (truth.targets[1:] >= 0).all()
    assert Annotations(root).read('exo_test') is None and Annotations(root).path('mine') is None


def test_protocols_and_decodings(root: Path) -> None:
    result = score(ClipPredictions(root / 'p.npz', 3), Annotations(root), protocols='all', num_bootstrap=5,
                   sampling=Sampling(('categorical', 'argmax'), seed=1, num_repeats=2), per_video=True)
    metrics = result.scalars['metrics']
    assert {key.rpartition('/')[0] for key in metrics} == {
        f'{protocol}{decoding}{subset}' for protocol in ('', 'no_invalid/', 'no_overlap/', 'clean/')
        for decoding in ('', 'argmax/') for subset in ('ego_val', 'ego_gaze_val', 'exo_val')}
    assert metrics['ego_val/1-AUED'] + metrics['ego_val/AUED'] == pytest.approx(1)
    assert metrics['no_invalid/argmax/exo_val/ED@1'] == pytest.approx((6 * metrics['argmax/exo_val/ED@1'] - 1) / 5)
    assert result.scalars['settings'] == dict(seed=1, repeats=2, sequences=5)
    assert len(result.groups[0].videos) == 3


def test_perfect_sequences(root: Path) -> None:
    truth = Annotations(root).read('exo_val')
    sequences = np.maximum(truth.targets, 0)[:, None].repeat(5, axis=1)
    np.savez(root / 'q.npz', **{'exo_val/ids': np.array(truth.ids), 'exo_val/samples': sequences})
    metrics = score(ClipPredictions(root / 'q.npz', 3), Annotations(root), protocols=['official', 'clean']).scalars[
        'metrics']
    assert metrics['clean/joint/exo_val/1-AUED'] == 1
    assert metrics['exo_val/1-AUED'] == metrics['joint/exo_val/1-AUED'] == pytest.approx(5 / 6)


def test_refusals(root: Path) -> None:
    arrays = dict(np.load(root / 'p.npz'))
    short = arrays | {'ego_val/ids': arrays['ego_val/ids'][2:], 'ego_val/logits': arrays['ego_val/logits'][2:]}
    np.savez(root / 'q.npz', **short)
    with pytest.raises(PredictionError, match=r'found none for 2 of them: ego1\|11, ego2\|11. Predict them'):
        score(ClipPredictions(root / 'q.npz', 3), Annotations(root))
    np.savez(root / 'q.npz', **arrays | {'ego_val/logits': arrays['ego_val/logits'][:, :7]})
    with pytest.raises(PredictionError, match=r'targets \(n, Z\) = \(6, 8\), found \(6, 7, 27\). Predict with the hor'):
        score(ClipPredictions(root / 'q.npz', 3), Annotations(root))
    np.savez(root / 'q.npz', **arrays | {'ego_val/ids': np.array([*arrays['ego_val/ids'][:5], 'ego0|3'])})
    with pytest.raises(PredictionError, match=r'found none for 1 of them: ego0\|1.5'):
        score(ClipPredictions(root / 'q.npz', 3), Annotations(root))
    with pytest.raises(AnnotationError, match='expected planning_annotation or the root of the release, found no '):
        Annotations(root / 'nowhere')


def test_a_list_that_is_not_there(root: Path) -> None:
    arrays = {name.replace('exo_val', 'exo_test'): value for name, value in np.load(root / 'p.npz').items()}
    np.savez(root / 'q.npz', **arrays)
    result = score(ClipPredictions(root / 'q.npz', 3), Annotations(root))
    assert {group.subset for group in result.groups} == {'ego_val', 'ego_gaze_val'}
    assert result.notes[0].startswith('exo_test not scored, no file ')


def test_released_lists() -> None:
    annotations = Annotations(data_dir('egoexolearn'))
    sizes = {name: (len(truth.ids), len(set(truth.uids)), int((truth.targets[:, 0] < 0).sum())) for name in (
        'ego_val', 'ego_gaze_val', 'exo_val') if (truth := annotations.read(name))}
    assert sizes == {'ego_val': (773, 56, 0), 'ego_gaze_val': (761, 55, 0), 'exo_val': (281, 24, 2)}
