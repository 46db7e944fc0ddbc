"""planning_floor.py: scores, pooling, folds and the table."""

import numpy as np
import pytest
import torch

from egoexo.evaluation.metrics import PlanningMetric
from egoexo.structures import EgoExoDataSample
from tools.analysis import planning_floor
from tools.analysis.planning_floor import Predictions


def predictions(logits, targets=(0, 1)):
    logits = np.asarray(logits, np.float32)[None]
    return Predictions(['ego_val/u|1'], logits, np.array([targets]), None)


def test_scores_are_those_of_the_metric():
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(size=(20, 8, 27)).astype(np.float32), rng.integers(0, 3, (20, 8))
    samples = []
    for number in range(20):
        sample = EgoExoDataSample(metainfo=dict(
            sample_id=f'u|{number}', uid='u', subset='ego_val', view='ego', has_context=True))
        sample.pred_future_logits = torch.from_numpy(logits[number])
        sample.gt_future_steps = torch.from_numpy(targets[number])
        samples.append(sample.to_dict())
    metric = PlanningMetric(seed=3)
    metric.process(None, samples)
    ours = Predictions([f'ego_val/u|{number}' for number in range(20)], logits, targets, None).score(3)
    assert ours == pytest.approx(metric.evaluate(20)['ego_val/1-AUED'], abs=1e-12)


def test_sequences_of_the_planner_are_scored_as_they_are():
    given = predictions(np.zeros((2, 3)))._replace(samples=np.array([[[0, 1], [2, 2]]]))
    assert given.score(0) == given.score(1) == 1.0


def test_pooling_is_a_sharpened_product():
    first, second = predictions(np.log([[0.5, 0.5], [0.9, 0.1]])), predictions(np.log([[0.8, 0.2], [0.1, 0.9]]))
    pooled = np.exp(planning_floor.pool(first, second).logits[0])
    np.testing.assert_allclose(pooled[:, 0] / pooled.sum(1), [0.8, 0.5], atol=1e-6)


def test_table_states_mean_and_deviation_and_goes_between_the_marks(tmp_path, capsys):
    args = planning_floor.parse_args(['--seeds', '0', '1'])
    rows = [('uniform', {('ego', 'ego'): [0.1, 0.2], ('exo', 'egoexo'): [0.3, 0.3]})]
    table = planning_floor.as_markdown(rows, args)
    assert '| planner | ego val, trained on ego | exo val, trained on egoexo |' in table
    assert '`python tools/analysis/planning_floor.py --seeds 0 1`.' in table
    assert '| uniform | 0.150 ± 0.071 | 0.300 ± 0.000 |' in table
    page, (start, end) = tmp_path / 'README.md', planning_floor.marks(args)
    page.write_text(f'before\n{start}\nold\n{end}\nafter\n')
    planning_floor.insert_table(page, table, start, end)
    assert page.read_text() == f'before\n{start}\n{table}\n{end}\nafter\n'
    planning_floor.insert_table(tmp_path / 'none.md', table, start, end)
    assert 'has no marks' in capsys.readouterr().out


def test_folds_compare_settings_of_both_views(mini_root, capsys):
    assert planning_floor.main(['--folds', '2', '--data-root', str(mini_root / 'egoexolearn')]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith(('| ego |', '| exo |'))]
    assert len(lines) == 2 * 4 * 3
    assert all(0 <= float(cell) <= 1 for line in lines for cell in line.split('|')[4:-1])


def test_one_seed_fills_the_table(mini_root, tmp_path):
    """Chains are trained for real; untrained perceptrons stand in for trained ones."""
    args = planning_floor.parse_args(['--mini', '--seeds', '0', '--data-root', str(mini_root / 'egoexolearn'),
                                      '--work-dir', str(tmp_path), '--planners', 'markov', 'perceptron'])
    for trained_on in ('ego', 'exo', 'egoexo'):
        for kind in ('markov', 'perceptron'):
            model = planning_floor.init_model(planning_floor.config_of(kind, trained_on, args), device='cpu')
            if kind == 'markov':
                model.count([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]])
            folder = planning_floor.folder_of(kind, trained_on, 0, args)
            folder.mkdir(parents=True)
            torch.save(dict(state_dict=model.state_dict(), meta={}), folder / 'best.pth')
    rows = dict(planning_floor.rows_of(args))
    assert list(rows)[:2] == ['uniform', 'frequency of the steps in training'] and len(rows) == 8
    assert all(set(scores) == {('ego', 'ego'), ('ego', 'egoexo'), ('exo', 'exo'), ('exo', 'egoexo')}
               for scores in rows.values())
    assert rows['frequency of the steps in training']['ego', 'ego'] != rows['uniform']['ego', 'ego']
