"""Train the mini configs of one benchmark over several seeds, check what must hold, and write the results table.

One checkpoint per config, of the first seed, goes into the model zoo of this machine (``--no-zoo`` leaves that out).
"""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TextIO

import yaml

from egoexo.apis.zoo_index import read_zoo, zoo_folder
from egoexo.utils.transfer_progress import format_bytes

ROOT = Path(__file__).resolve().parents[2]
START, END = '<!-- mini table: written by tools/analysis/mini_table.py -->', '<!-- end of mini table -->'


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('benchmark', help='folder below configs/ with a mini.yml')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--runs', nargs='+', help='only these runs of mini.yml')
    parser.add_argument('--jobs', type=int, default=2, help='trainings at a time')
    parser.add_argument('--work-dir', type=Path, default=ROOT / 'work_dirs' / 'mini')
    parser.add_argument('--reuse', action='store_true', help='keep results that are already there')
    parser.add_argument('--zoo', type=Path, default=zoo_folder(), help='folder for one small checkpoint per config')
    parser.add_argument('--no-zoo', action='store_true', help='train for the table only and publish nothing')
    parser.add_argument('--readme', type=Path, help='page that holds the table; default configs/<benchmark>/README.md')
    return parser.parse_args(argv)


def run_tool(name: str, arguments: Sequence[object], log: TextIO) -> None:
    """One tool in a process of its own, on one thread."""
    subprocess.run([sys.executable, f'tools/{name}.py', *map(str, arguments)], cwd=ROOT, check=True,
                   env=os.environ | {'OMP_NUM_THREADS': '1'}, stdout=log, stderr=subprocess.STDOUT)


def train_and_test(config: Path, seed: int, work_dir: Path, reuse: bool) -> dict[str, float]:
    """One training and its tests; the lists of each view scored with the checkpoint chosen on it.

    Args:
        config (Path): Mini config.
        seed (int): Seed of the training.
        work_dir (Path): Where everything of this run goes.
        reuse (bool): Whether to take over a result that is already there.

    Returns:
        dict[str, float]: Metric -> value.
    """
    result = work_dir / 'result.json'
    if reuse and result.is_file():
        return json.loads(result.read_text(encoding='utf-8'))
    work_dir.mkdir(parents=True, exist_ok=True)
    with open(work_dir / 'train.log', 'w', encoding='utf-8') as log:
        run_tool('train', [config, '--work-dir', work_dir, '--cfg-options', f'randomness.seed={seed}'], log)
        metrics: dict[str, float] = {}
        for checkpoint in sorted(work_dir.glob('best_*.pth')):
            out = work_dir / f'{checkpoint.stem}.json'
            run_tool('test', [config, checkpoint, '--work-dir', work_dir, '--out', out], log)
            scored = json.loads(out.read_text(encoding='utf-8'))['metrics']
            view = checkpoint.stem.split('_')[1]
            metrics = scored | metrics | {key: value for key, value in scored.items() if f'/{view}_' in f'/{key}'}
    result.write_text(json.dumps(metrics, indent=1), encoding='utf-8')
    return metrics


def run_control(config: Path, folder: Path, name: str, options: Sequence[str], reuse: bool) -> dict[str, float]:
    """A control: the best checkpoint of a run, tested under conditions under which it must fail.

    Args:
        config (Path): Mini config of the run.
        folder (Path): Its work directory; the control gets a folder of its own in it.
        name (str): Of the control.
        options (Sequence[str]): ``KEY=VALUE`` for the test.
        reuse (bool): Whether to take over a result that is already there.

    Returns:
        dict[str, float]: Metric -> value.
    """
    out = folder / name / 'scalars.json'
    if not (reuse and out.is_file()):
        out.parent.mkdir(parents=True, exist_ok=True)
        with open(out.parent / 'test.log', 'w', encoding='utf-8') as log:
            run_tool('test', [config, folder / 'best.pth', '--work-dir', out.parent, '--out', out, '--cfg-options',
                              *options], log)
    return json.loads(out.read_text(encoding='utf-8'))['metrics']


def config_of(name: str, plan: dict, args: argparse.Namespace) -> Path:
    """Config of a run."""
    return ROOT / 'configs' / args.benchmark / (plan['runs'] | plan.get('zoo_runs', {}))[name]


def folder_of(name: str, seed: int, args: argparse.Namespace) -> Path:
    """Work directory of a run."""
    return args.work_dir / args.benchmark / f'{name}-seed{seed}'


def asked_for(names: Iterable[str], args: argparse.Namespace) -> list[str]:
    """Those of the runs that ``--runs`` leaves."""
    return [name for name in names if not args.runs or name in args.runs]


def collect(plan: dict, args: argparse.Namespace) -> dict[str, dict[str, list[float]]]:
    """Run everything; returns run -> metric -> one value per seed, in the order of the seeds."""
    names = asked_for(plan['runs'], args)
    pairs = [(name, seed) for name in names for seed in args.seeds]
    if not args.no_zoo:
        pairs += [(name, args.seeds[0]) for name in asked_for(plan.get('zoo_runs', {}), args)]
    jobs = {}
    started, results = time.time(), {}
    with ThreadPoolExecutor(args.jobs) as pool:
        for name, seed in pairs:
            folder = folder_of(name, seed, args)
            jobs[pool.submit(train_and_test, config_of(name, plan, args), seed, folder, args.reuse)] = (name, seed)
        for done, job in enumerate(as_completed(jobs), 1):
            results[jobs[job]] = job.result()
            left = (time.time() - started) / done * (len(jobs) - done)
            print(f'[{done}/{len(jobs)}] {jobs[job][0]} seed {jobs[job][1]} done, ETA {left:.0f} s', flush=True)
        controls = {name: control for name, control in plan.get('controls', {}).items() if control['run'] in names}
        again = {(name, seed): pool.submit(
            run_control, config_of(control['run'], plan, args), folder_of(control['run'], seed, args), name,
            control['options'], args.reuse) for name, control in controls.items() for seed in args.seeds}
        results |= {key: job.result() for key, job in again.items()}
    return {
        name: {metric: [results[name, seed][metric] for seed in args.seeds] for metric in results[name, args.seeds[0]]
               if isinstance(results[name, args.seeds[0]][metric], float)}
        for name in (*names, *controls)
    }


def publish(plan: dict, args: argparse.Namespace) -> list[str]:
    """Put the best checkpoint of the first seed of every run into the zoo; returns a line per model.

    A run that keeps a best checkpoint for each of two views gives the one of its first list, to which ``best.pth``
    points.
    """
    names = asked_for([*plan['runs'], *plan.get('zoo_runs', {})], args)
    names = [name for name in names if name not in plan.get('unpublished', ())]

    def publish_one(name: str) -> None:
        folder = folder_of(name, args.seeds[0], args)
        best = (folder / 'best.pth').resolve()
        with open(folder / 'publish.log', 'w', encoding='utf-8') as log:
            run_tool('publish_model', [best, args.zoo, '--config', config_of(name, plan, args),
                                       '--metrics', best.with_suffix('.json'), '--force'], log)

    with ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(publish_one, names))
    models = read_zoo(args.zoo)
    entries = {stem: models[stem] for stem in (config_of(name, plan, args).stem for name in names)}
    lines = [f'{stem}: {entry["file"]}, {format_bytes(entry["size"])}' for stem, entry in entries.items()]
    total = sum(entry['size'] for entry in entries.values())
    return [*lines, f'{len(lines)} models, {format_bytes(total)}, in {args.zoo}']


def mean_of(path: str, values: dict[str, dict[str, list[float]]]) -> float:
    """Mean over the seeds of ``<run>/<metric>``."""
    run, metric = path.split('/', 1)
    return statistics.fmean(values[run][metric])


def bound(rule: float | dict, values: dict[str, dict[str, list[float]]]) -> float:
    """Number that a rule of mini.yml stands for; ``spreads`` counts standard deviations over the seeds."""
    if not isinstance(rule, dict):
        return float(rule)
    run, metric = rule['of'].split('/', 1)
    series = values[run][metric]
    spread = statistics.stdev(series) if len(series) > 1 else 0.0
    return statistics.fmean(series) * rule.get('times', 1.0) + rule.get('plus', 0.0) + rule.get('spreads', 0) * spread


def check(plan: dict, values: dict[str, dict[str, list[float]]]) -> list[tuple[str, float, str, bool]]:
    """Judge every expectation whose runs are there: (why, value, bounds as text, holds)."""
    verdicts = []
    for item in plan['expect']:
        needed = [item['value'], *(rule['of'] for rule in (item.get('min'), item.get('max')) if isinstance(rule, dict))]
        if any(path.split('/', 1)[0] not in values for path in needed):
            continue
        value = mean_of(item['value'], values)
        low = bound(item.get('min', float('-inf')), values)
        high = bound(item.get('max', float('inf')), values)
        digits = plan.get('digits', 1)
        text = ' and '.join(f'{sign} {limit:.{digits}f}' for sign, limit in (('>=', low), ('<=', high))
                            if abs(limit) < 1e9)
        verdicts.append((f"{item['why']} (`{item['value']}`)", value, text, low <= value <= high))
    return verdicts


def as_markdown(plan: dict, values: dict, verdicts: list, args: argparse.Namespace) -> str:
    """The table of results (mean and standard deviation over the seeds) and the table of expectations."""
    columns, digits = plan['columns'], plan.get('digits', 1)
    lines = [f'Preset `default`, seeds {", ".join(map(str, args.seeds))}, {datetime.date.today():%Y-%m-%d}, CPU, '
             f'command `make mini`; mean ± standard deviation over the seeds.', '',
             '| trained on | scored on | ' + ' | '.join(columns) + ' |', '|---' * (len(columns) + 2) + '|']
    for run, subsets in plan['rows'].items():
        for subset in subsets if run in values else ():
            cells = []
            for column in columns:
                series = values[run][f'{subset}/{column}']
                spread = statistics.stdev(series) if len(series) > 1 else 0.0
                cells.append(f'{statistics.fmean(series):.{digits}f} ± {spread:.{digits}f}')
            lines.append(f'| {run} | {subset} | ' + ' | '.join(cells) + ' |')
    lines += ['', '| what must hold | value | bound | holds |', '|---|---|---|---|']
    lines += [f'| {why} | {value:.{digits}f} | {text} | {"yes" if holds else "**no**"} |'
              for why, value, text, holds in verdicts]
    return '\n'.join(lines)


def insert_table(page: Path, table: str) -> None:
    """Put the table between its two marks; a page without the marks is left alone, said aloud."""
    text = page.read_text(encoding='utf-8') if page.is_file() else ''
    if START not in text or END not in text:
        print(f'{page} has no marks "{START}" and "{END}": the table was only printed')
        return
    page.write_text(f'{text.split(START)[0]}{START}\n{table}\n{END}{text.split(END)[1]}', encoding='utf-8')


def main(argv: Sequence[str] | None = None) -> int:
    """Run, judge, print and write; 0 when every expectation holds."""
    args = parse_args(argv)
    plan = yaml.safe_load((ROOT / 'configs' / args.benchmark / 'mini.yml').read_text(encoding='utf-8'))
    values = collect(plan, args)
    if not args.no_zoo:
        print('\n'.join(publish(plan, args)))
    verdicts = check(plan, values)
    table = as_markdown(plan, values, verdicts, args)
    print(table)
    insert_table(args.readme or ROOT / 'configs' / args.benchmark / 'README.md', table)
    return 0 if all(holds for *_, holds in verdicts) else 1


if __name__ == '__main__':
    sys.exit(main())
