import pytest
from clip_report_support import make_clip_run

from egoexo.visualization.report import write_comparison
from egoexo.visualization.report_anticipation import read_anticipation
from egoexo.visualization.report_compare_clips import (
    anticipation_comparison,
    anticipation_comparison_cards,
    planning_comparison,
    planning_comparison_cards,
)
from egoexo.visualization.report_parts import Heading
from egoexo.visualization.report_planning import read_planning
from egoexo.visualization.report_run import read_run

HEADINGS = [Heading('weak', '#1b4f8f'), Heading('strong', '#c2790f', 'dashed')]


@pytest.fixture(scope='module')
def folders(tmp_path_factory):
    base = tmp_path_factory.mktemp('runs')
    root = base / 'data'
    return {kind: [make_clip_run(base / f'{kind}-{name}', root, kind, strength)
                   for name, strength in (('weak', 0.5), ('strong', 4.0))] for kind in ('anticipation', 'planning')}


def test_planning_side_by_side(folders):
    runs = [read_run(folder) for folder in folders['planning']]
    results = [read_planning(run) for run in runs]
    scores, horizon = planning_comparison(runs, results, HEADINGS)
    table = next(part for part in scores.parts if part.title == 'ego_val')
    row = next(row for row in table.rows if row[0] == 'ED@1')
    values = [run.metrics['ego_val/ED@1'] for run in runs]
    assert [cell.value for cell in row[1:]] == values
    assert row[2].lines[0][0] == f'{values[1] - values[0]:+.3f}'
    assert [cell.mark for cell in row[1:]] == ['', 'best']  # the lower one
    line, = (line for line in horizon.parts[0].figure.axes[0].lines if line.get_gid() == 'strong')
    assert (line.get_color(), line.get_linestyle()) == ('#c2790f', '--')
    assert line.get_ydata()[0] == values[1]
    card = planning_comparison_cards(results, HEADINGS)[0]
    assert (card.label, card.detail) == ('best 1-AUED, ego_val', 'strong')


def test_anticipation_side_by_side(folders):
    runs = [read_run(folder) for folder in folders['anticipation']]
    results = [read_anticipation(run) for run in runs]
    scores, classes = anticipation_comparison(runs, results, HEADINGS)
    table = next(part for part in scores.parts if part.title == 'exo_val')
    assert table.rows[0][0] == 'macro_recall@5'
    assert [cell.mark for cell in table.rows[0][1:]] == ['', 'best']
    assert [part.title for part in classes.parts] == ['Classes of ego_val', 'Classes of exo_val']
    assert {mark.get_gid() for mark in classes.parts[0].figure.axes[0].collections} >= {'weak', 'strong'}
    assert anticipation_comparison_cards(results, HEADINGS)[1].detail == 'strong'


def test_other_rules_are_told(folders):
    runs = [read_run(folder) for folder in folders['planning']]
    runs[1].score_info['protocols'] = {'official': 'other'}
    section = planning_comparison(runs, [read_planning(run) for run in runs], HEADINGS)[0]
    assert 'not scored under the same protocol hashes' in section.parts[0].text


def test_runs_without_anything_are_told(tmp_path):
    for name in 'ab':
        (tmp_path / name).mkdir()
    runs = [read_run(tmp_path / name) for name in 'ab']
    scores, horizon = planning_comparison(runs, [read_planning(run) for run in runs], HEADINGS)
    assert scores.parts[0].text == 'No metrics were found for: weak, strong.'
    assert horizon.parts[0].text == 'No list was scored for two of the runs.'
    classes = anticipation_comparison(runs, [read_anticipation(run) for run in runs], HEADINGS)[1]
    assert classes.parts[0].text.startswith('No list was predicted by two of the runs')


@pytest.mark.parametrize(('kind', 'title'), [('anticipation', 'Recall of each class'),
                                              ('planning', 'Distance over the horizon')])
def test_whole_pages(folders, tmp_path, kind, title):
    page = write_comparison(folders[kind], tmp_path / 'two.html').read_text()
    assert f'Cross-view action {kind}' in page
    assert f'<h2>{title}</h2>' in page
    assert page.count(f'<h3>{title}</h3>') == 2  # the chapters of each run
    assert 'cannot be drawn' not in page
