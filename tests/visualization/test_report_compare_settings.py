import json

import pytest
from report_support import make_runs

from egoexo.visualization.report_compare_settings import (
    input_table,
    overview,
    recipe_tables,
    setting_tables,
    version_tables,
)
from egoexo.visualization.report_names import run_headings
from egoexo.visualization.report_run import read_run


@pytest.fixture
def runs(tmp_path):
    return [read_run(folder) for folder in make_runs(tmp_path)]


def test_overview_marks_what_did_not_end_well(runs):
    runs[1].commands[-1]['status'] = 'failed'
    rows = overview(runs, run_headings(runs)).rows
    assert [row[0].text for row in rows] == ['base-s0', 'base-s1', 'best-s0']
    assert [(row[3].value, row[3].mark) for row in rows] == [
        ('train finished', ''), ('train FAILED', 'worse'), ('train finished', '')]
    assert rows[1][2] == '1'


def test_only_settings_that_differ(runs):
    table, = setting_tables(runs, run_headings(runs))
    assert table.rows == [['optim_wrapper.lr', '0.001', '0.001', '0.1'], ['randomness.seed', '0', '1', '0']]
    runs[1].config.optim_wrapper.long = 'x' * 999
    value = next(row for row in next(setting_tables(runs, run_headings(runs))).rows if row[0].endswith('long'))[2]
    assert len(value) == 302 and value.endswith(' …')


def test_equal_settings_and_absent_configs_are_told(runs):
    table, = setting_tables([runs[0], runs[0]], run_headings(runs[:2]))
    assert table.note.startswith('Nothing differs.')
    headings = run_headings(runs)
    runs[1].config = None
    note, table = setting_tables(runs, headings)
    assert note.text == 'Without a config that can be read, so not compared: base-s1.'
    assert table.columns == ('setting', headings[0], headings[2])


def test_versions_and_commands(runs):
    runs[2].commands[-1]['commit'] = 'fff0000'
    table, *commands = version_tables(runs, run_headings(runs))
    rows = {row[0]: row[1:] for row in table.rows}
    assert [(cell.value, cell.mark) for cell in rows['commit']] == [
        ('abc1234', 'differs'), ('abc1234', 'differs'), ('fff0000', 'differs')]
    assert [cell.mark for cell in rows['egoexo']] == ['', '', '']
    assert [cell.value for cell in rows['seed']] == ['0', '1', '0']
    assert commands[0].title == 'Commands of base-s0'
    assert commands[0].text == '2026-01-01T12:00:00  python tools/train.py my_config.py --amp  [finished]'


def test_recipes_side_by_side(runs, tmp_path):
    table, = recipe_tables(runs, run_headings(runs))
    assert table.title == 'Features for train, test'
    assert [row[0] for row in table.rows] == ['folder', 'backbone', 'feature_fps', 'dim']
    other = tmp_path / 'data/gaze'
    other.mkdir()
    (other / 'recipe.json').write_text(json.dumps({'backbone': 'i3d_rgb', 'feature_fps': 30.0, 'dim': 1024}))
    runs[1].config.test_dataloader.dataset.datasets[0].data_prefix.features = 'gaze'
    train, test = recipe_tables(runs, run_headings(runs))
    assert {row[0]: [cell.mark for cell in row[1:]] for row in train.rows}['feature_fps'] == ['', '', '']
    assert {row[0]: [(cell.value, cell.mark) for cell in row[1:]] for row in test.rows}['feature_fps'] == [
        ('25.0', 'differs'), ('25.0; 30.0', 'differs'), ('25.0', 'differs')]


def test_inputs_side_by_side(runs):
    runs[1].inputs['train'][0]['used'] = 9
    runs[2].inputs = None
    table, note = input_table(runs, run_headings(runs))
    assert [[getattr(cell, 'value', cell) for cell in row] for row in table.rows] == [
        ['train', 'ego_train', '8 of 9', '9', None], ['test', 'ego_val', '3', '3', None],
        ['test', 'ego_test', 'missing', 'missing', None]]
    assert [cell.mark for cell in table.rows[0][2:]] == ['worse', 'differs', '']
    assert note.text == 'Not noted (no inputs.json) by: best-s0.'
