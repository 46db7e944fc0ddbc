from pathlib import Path

import pytest
from mmengine.config import Config

from egoexo.visualization.report_names import group_by_experiment, run_headings, short_names
from egoexo.visualization.report_run import Run


@pytest.mark.parametrize(('folders', 'expected'), [
    (['/r/ego', '/r/exo'], ['ego', 'exo']),
    (['/a/run', '/b/run'], ['a/run', 'b/run']),
    (['/a/run', '/a/run'], ['a/run (1)', 'a/run (2)']),
    (['/r/mini_mstcn_i3d_egoexolearn-ego', '/r/mini_mstcn_i3d_egoexolearn-exo2ego'], ['ego', 'exo2ego']),
    (['/r/mini_mstcn_i3d_egoexolearn', '/r/mini_mstcn_i3d_egoexolearn-ego'], ['egoexolearn', 'egoexolearn-ego']),
    (['/r/' + 'a' * 40, '/r/b'], ['aaaaaaaaaaa…aaaaaaaaaaaa', 'b']),
    (['/r/' + 'a' * 40, '/r/' + 'a' * 41], ['aaaaaaaaaaa…aaaaaaaaaaaa (1)', 'aaaaaaaaaaa…aaaaaaaaaaaa (2)'])])
def test_short_names_are_unique(folders, expected):
    assert short_names([Run(Path(folder), 'config') for folder in folders]) == expected


def run(seed, rate=0.1, config=True):
    return Run(Path(f'/r/{seed}-{rate}'), 'x', config=Config(
        dict(randomness=dict(seed=seed), lr=rate, work_dir=f'{seed}')) if config else None)


def test_experiments_are_runs_equal_but_for_the_seed():
    runs = [run(0), run(0, 0.2), run(1), run(2, config=False), run(3, config=False), run(1, 0.2)]
    assert group_by_experiment(runs) == [0, 1, 0, 2, 3, 1]


def test_seeds_share_a_colour_and_differ_in_line():
    one, two, three = run_headings([run(0), run(1), run(0, 0.2)])
    assert one.color == two.color != three.color
    assert (one.line, two.line, three.line) == ('solid', 'dashed', 'solid')
    assert len({heading.color for heading in run_headings([run(0), run(1), run(2)])}) == 3


def test_more_runs_than_colours_still_differ():
    headings = run_headings([run(0, rate) for rate in range(20)])
    assert len({(heading.color, heading.line) for heading in headings}) == 20
