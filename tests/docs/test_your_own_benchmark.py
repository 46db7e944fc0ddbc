"""Follows docs/your_own_benchmark.md in a folder of its own; nothing of the toolbox is touched."""

import json

import pytest
from tests_support import REPO
from walkthrough import follow

PAGE = REPO / 'docs/your_own_benchmark.md'


@pytest.mark.cli
@pytest.mark.slow
def test_a_new_benchmark_trains_scores_and_beats_the_trivial_answer(tmp_path, mini_root):
    make_world = 'python tools/data/make_mini.py --out data/mini --preset tiny'
    _, tests, trained, _, scored = follow(PAGE, tmp_path, {make_world: f'mkdir data; ln -s {mini_root} data/mini'})
    assert '4 passed' in tests
    assert '6 lists, 0 problem(s): ready' in trained

    scalars = json.loads((tmp_path / 'scalars.json').read_text())
    metrics = scalars['metrics']
    assert metrics['exo_test/error'] < 0.85 * metrics['exo_test/error_of_half']
    assert metrics['ego_test/error'] < metrics['ego_test/error_of_half']

    lines = dict(line.split() for line in scored.splitlines() if '[' not in line)
    assert {name: float(value) for name, value in lines.items()} == pytest.approx(metrics, abs=5e-5)
    for name, value in scalars['protocols'].items():
        assert f'{name} [{value}]' in scored
        assert f'{name} [{value}]' in PAGE.read_text(encoding='utf-8')
    assert set(lines) == {line.split()[0] for line in PAGE.read_text(encoding='utf-8').splitlines()
                          if '_test/error' in line and len(line.split()) == 2}
