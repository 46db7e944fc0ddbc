import json
from argparse import Namespace
from pathlib import Path

import pytest

from tools.analysis import mini_table

PLAN = {
    'runs': {'a': 'a.py', 'b': 'b.py'},
    'columns': ['F1@50'],
    'rows': {'a': ['ego_test'], 'b': ['ego_test']},
    'expect': [
        {'value': 'a/ego_test/F1@50', 'min': 50, 'max': 95, 'why': 'in-domain'},
        {'value': 'b/ego_test/F1@50', 'max': {'of': 'a/ego_test/F1@50', 'times': 0.5}, 'why': 'zero-shot'},
    ],
}
VALUES = {'a': {'ego_test/F1@50': [50.0, 70.0]}, 'b': {'ego_test/F1@50': [31.0, 30.0]}}


def test_check_compares_means_with_numbers_and_other_runs() -> None:
    verdicts = mini_table.check(PLAN, VALUES)
    assert [(value, bounds, holds) for _, value, bounds, holds in verdicts] == [
        (60.0, '>= 50.0 and <= 95.0', True), (30.5, '<= 30.0', False)]


def test_expectations_of_absent_runs_are_left_out() -> None:
    assert len(mini_table.check(PLAN, {'a': VALUES['a']})) == 1


def test_table_is_written_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / 'README.md'
    page.write_text(f'before\n{mini_table.START}\nstale row\n{mini_table.END}\nafter\n')
    table = mini_table.as_markdown(PLAN, VALUES, mini_table.check(PLAN, VALUES), Namespace(seeds=[0, 1]))
    mini_table.insert_table(page, table)
    text = page.read_text()
    assert '| a | ego_test | 60.0 ± 14.1 |' in text
    assert '**no**' in text
    assert 'stale row' not in text
    assert text.startswith('before') and text.endswith('after\n')


def test_a_page_without_marks_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    page = tmp_path / 'README.md'
    page.write_text('mine')
    mini_table.insert_table(page, 'table')
    assert page.read_text() == 'mine'
    assert 'has no marks' in capsys.readouterr().out


def test_each_view_is_scored_with_its_own_best_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = {'best_ego_val_Avg_epoch_1': {'ego_test/Acc': 1.0, 'exo_test/Acc': 2.0, 'clean/ego_val/Acc': 3.0},
              'best_exo_val_Avg_epoch_2': {'ego_test/Acc': 4.0, 'exo_test/Acc': 5.0, 'clean/ego_val/Acc': 6.0}}

    def run_tool(name: str, arguments: list, log: object) -> None:
        if name == 'train':
            for stem in scores:
                (tmp_path / f'{stem}.pth').touch()
        else:
            Path(arguments[-1]).write_text(json.dumps({'metrics': scores[arguments[1].stem]}))

    monkeypatch.setattr(mini_table, 'run_tool', run_tool)
    expected = {'ego_test/Acc': 1.0, 'exo_test/Acc': 5.0, 'clean/ego_val/Acc': 3.0}
    assert mini_table.train_and_test(Path('a.py'), 0, tmp_path, reuse=False) == expected
    monkeypatch.setattr(mini_table, 'run_tool', None)
    assert mini_table.train_and_test(Path('a.py'), 0, tmp_path, reuse=True) == expected
