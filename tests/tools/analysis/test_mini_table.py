import json
from argparse import Namespace
from pathlib import Path

import pytest
import yaml

from egoexo.apis import list_models
from egoexo.apis.zoo_index import add_to_zoo, read_zoo
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
#: Every score that mini.yml asks for.
METRICS = {f'{subset}/{name}': 1.0 for name in ('Acc', 'Edit', 'F1@50', 'Avg')
           for subset in ('ego_test', 'ego_test/seen', 'exo_test', 'ego_gaze_test')}
VALUES = {'a': {'ego_test/F1@50': [50.0, 70.0]}, 'b': {'ego_test/F1@50': [31.0, 30.0]}}


def test_check_compares_means_with_numbers_and_other_runs() -> None:
    verdicts = mini_table.check(PLAN, VALUES)
    assert [(value, bounds, holds) for _, value, bounds, holds in verdicts] == [
        (60.0, '>= 50.0 and <= 95.0', True), (30.5, '<= 30.0', False)]


def test_a_bound_may_count_the_spread_over_the_seeds_and_digits_are_the_benchmarks() -> None:
    plan = PLAN | {'digits': 3, 'expect': [
        {'value': 'a/ego_test/F1@50', 'min': {'of': 'b/ego_test/F1@50', 'spreads': 2}, 'why': 'clearly better'}]}
    [(_, value, text, holds)] = mini_table.check(plan, VALUES)
    assert (value, text, holds) == (60.0, '>= 31.914', True)  # 30.5 + 2 x 0.7071
    assert '| a | ego_test | 60.000 ± 14.142 |' in mini_table.as_markdown(plan, VALUES, [], Namespace(seeds=[0, 1]))


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


def test_one_model_of_each_config_goes_into_the_zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                    capsys: pytest.CaptureFixture) -> None:
    """Everything but the training and publishing themselves, which stand-ins note."""
    calls = []

    def run_tool(name: str, arguments: list, log: object) -> None:
        calls.append((name, [str(item) for item in arguments]))
        if name == 'train':
            folder = Path(arguments[2])
            for best in ('best_ego_val_Avg_epoch_2.pth', 'best_exo_val_Avg_epoch_1.pth'):
                (folder / best).write_bytes(b'weights')
            (folder / 'best.pth').unlink(missing_ok=True)
            (folder / 'best.pth').symlink_to('best_ego_val_Avg_epoch_2.pth')
        elif name == 'test':
            Path(arguments[-1]).write_text(json.dumps({'metrics': METRICS}))
        else:
            stem = Path(arguments[3]).stem
            (arguments[1] / f'{stem}-1.pth').write_bytes(b'weights')
            add_to_zoo(stem, arguments[1] / f'{stem}-1.pth', f'{stem}.py', {})

    monkeypatch.setattr(mini_table, 'run_tool', run_tool)
    (tmp_path / 'zoo').mkdir()
    arguments = ['segmentation', '--seeds', '4', '5', '--work-dir', str(tmp_path), '--jobs', '1',
                 '--zoo', str(tmp_path / 'zoo'), '--readme', str(tmp_path / 'README.md')]
    mini_table.main(arguments)
    trained = [Path(call[2]).name for name, call in calls if name == 'train']
    plan = yaml.safe_load((mini_table.ROOT / 'configs/segmentation/mini.yml').read_text())
    assert sorted(trained) == sorted([f'{run}-seed{seed}' for run in plan['runs'] for seed in (4, 5)] +
                                     [f'{run}-seed4' for run in plan['zoo_runs']])
    published_runs = {name: file for name, file in (plan['runs'] | plan['zoo_runs']).items()
                      if name not in plan['unpublished']}
    assert sorted(read_zoo(tmp_path / 'zoo')) == sorted(Path(file).stem for file in published_runs.values())
    assert set(read_zoo(tmp_path / 'zoo')) <= set(list_models('mini_*'))
    published = next(call for name, call in calls if name == 'publish_model')
    folder = tmp_path / 'segmentation' / 'ego-seed4'
    assert published == [str(folder / 'best_ego_val_Avg_epoch_2.pth'), str(tmp_path / 'zoo'), '--config',
                         str(mini_table.ROOT / 'configs/segmentation/mini_mstcn_i3d_egoexolearn-ego.py'),
                         '--metrics', str(folder / 'best_ego_val_Avg_epoch_2.json'), '--force']
    shown = capsys.readouterr().out
    assert 'mini_mstcn_i3d_egoexolearn-exo2ego: mini_mstcn_i3d_egoexolearn-exo2ego-1.pth, 7 B' in shown
    assert f'{len(published_runs)} models, {7 * len(published_runs)} B, in {tmp_path}/zoo' in shown
    calls.clear()
    mini_table.main([*arguments, '--no-zoo', '--runs', 'ego', 'ego2exo'])
    assert [Path(call[2]).name for name, call in calls if name == 'train'] == ['ego-seed4', 'ego-seed5']
    assert {name for name, _ in calls} == {'train', 'test'}


def test_a_control_tests_the_best_checkpoint_of_its_run_with_other_options(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def run_tool(name: str, arguments: list, log: object) -> None:
        asked.append((name, [str(argument) for argument in arguments]))
        Path(arguments[arguments.index('--out') + 1]).write_text('{"metrics": {"ego_val/iou": 0.01}}')

    plan = dict(runs={'ego': 'mini_ego.py'}, controls={'ego-swapped': dict(run='ego', options=['a.b=0'])})
    args = mini_table.parse_args(['x', '--work-dir', str(tmp_path), '--seeds', '0', '1', '--reuse', '--no-zoo',
                                  '--jobs', '1'])
    for seed in args.seeds:
        (tmp_path / f'x/ego-seed{seed}').mkdir(parents=True)
        (tmp_path / f'x/ego-seed{seed}/result.json').write_text('{"ego_val/iou": 0.5}')
    monkeypatch.setattr(mini_table, 'run_tool', run_tool)
    expected = {'ego': {'ego_val/iou': [0.5, 0.5]}, 'ego-swapped': {'ego_val/iou': [0.01, 0.01]}}
    assert mini_table.collect(plan, args) == expected
    folder = tmp_path / 'x/ego-seed1'
    assert asked[1] == ('test', [
        str(mini_table.ROOT / 'configs/x/mini_ego.py'), str(folder / 'best.pth'), '--work-dir',
        str(folder / 'ego-swapped'), '--out', str(folder / 'ego-swapped/scalars.json'), '--cfg-options', 'a.b=0'])
    monkeypatch.setattr(mini_table, 'run_tool', None)  # what is there is not made again
    assert mini_table.collect(plan, args) == expected
