"""Floor of action planning: train the planners that know the steps already done and nothing else, score them, write
the table of configs/planning/README.md.

With ``--folds`` nothing is trained for the table; instead the settings of the Markov chain are compared on videos that
are left out of the training list, which is how those of the configs were chosen. Validation lists are not read then.
"""

import argparse
import datetime
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from egoexo.apis import init_model, load_config
from egoexo.evaluation.functional.planning import best_distances, constant_logits, planning_scores
from egoexo.evaluation.functional.planning_decoding import decode
from egoexo.models.planning import MarkovPlanner
from egoexo.registry import DATASETS

ROOT = Path(__file__).resolve().parents[2]
VIEWS = ('ego', 'exo')
KINDS = ('markov', 'perceptron', 'transformer')
JOINT_TEMPERATURE = 0.8
POOLED_TEMPERATURE = 0.5
NUM_SAMPLES = 5


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--mini', action='store_true', help='EgoExo-Mini and its test lists instead of the release')
    parser.add_argument('--data-root', type=Path, help='root of the release; default data/egoexolearn')
    parser.add_argument('--split', choices=('val', 'test'), help='lists to score; default val, with --mini test')
    parser.add_argument('--planners', nargs='+', choices=KINDS, default=KINDS)
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2, 3, 4], help='of trainings and of draws')
    parser.add_argument('--work-dir', type=Path, help='default work_dirs/planning_floor')
    parser.add_argument('--jobs', type=int, default=2, help='trainings at a time')
    parser.add_argument('--reuse', action='store_true', help='keep trainings that are already there')
    parser.add_argument('--readme', type=Path, default=ROOT / 'configs/planning/README.md', help='page with the marks')
    parser.add_argument('--dry-run', action='store_true', help='print the table only')
    parser.add_argument('--folds', type=int, default=0, help='compare settings on this many folds of the training list')
    args = parser.parse_args(argv)
    args.data_root = args.data_root or ROOT / ('data/mini/egoexolearn' if args.mini else 'data/egoexolearn')
    args.split = args.split or ('test' if args.mini else 'val')
    args.work_dir = args.work_dir or ROOT / f'work_dirs/planning_floor{"_mini" if args.mini else ""}'
    return args


def marks(args: argparse.Namespace) -> tuple[str, str]:
    """First and last line of the place of the table."""
    what = f'history floor{" on EgoExo-Mini" if args.mini else ""}'
    return f'<!-- {what}: written by tools/analysis/planning_floor.py -->', f'<!-- end of {what} -->'


class Predictions(NamedTuple):
    """Tempered log probabilities of one list.

    Args:
        names (list[str]): One per sample, as the metric names it.
        logits (np.ndarray): (n, Z, C).
        targets (np.ndarray): (n, Z).
        samples (np.ndarray | None): Whole sequences drawn by the planner, (n, K, Z).
    """

    names: list[str]
    logits: np.ndarray
    targets: np.ndarray
    samples: np.ndarray | None

    def score(self, seed: int) -> float:
        """1-AUED by the official rule: five independent draws, or the planner's own sequences if it has any.

        Args:
            seed (int): Seed of the draws.
        """
        drawn = self.samples
        if drawn is None:
            drawn = decode(self.logits, 'categorical', self.names, NUM_SAMPLES, seed, NUM_SAMPLES)
        return planning_scores(best_distances(drawn, self.targets))['1-AUED']


def list_of(view: str, split: str, args: argparse.Namespace) -> list:
    """Data samples of one official list."""
    config = load_config(ROOT / 'configs/planning/markov_history_egoexolearn-ego.py')
    dataset = DATASETS.build(dict(config[f'{view}_{split}'], data_root=str(args.data_root), missing_list='error',
                                  with_features=False, with_history=True, test_mode=True))
    return [dataset[index]['data_samples'] for index in range(len(dataset))]


def folder_of(kind: str, trained_on: str, seed: int, args: argparse.Namespace) -> Path:
    """Work directory of a training."""
    return args.work_dir / f'{kind}-{trained_on}-seed{seed}'


def config_of(kind: str, trained_on: str, args: argparse.Namespace) -> Path:
    """Config of a training."""
    return ROOT / f'configs/planning/{"mini_" if args.mini else ""}{kind}_history_egoexolearn-{trained_on}.py'


def train(kind: str, trained_on: str, seed: int, args: argparse.Namespace) -> None:
    """One training in a process of its own, on one thread."""
    folder = folder_of(kind, trained_on, seed, args)
    if args.reuse and (folder / 'best.pth').exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    roots = [f'{part}_dataloader.dataset.data_root={args.data_root.resolve()}' for part in ('train', 'val', 'test')]
    with open(folder / 'train.log', 'w', encoding='utf-8') as log:
        subprocess.run(
            [sys.executable, 'tools/train.py', str(config_of(kind, trained_on, args)), '--work-dir', str(folder),
             '--cfg-options', f'randomness.seed={seed}', *roots],
            cwd=ROOT, check=True, env=os.environ | {'OMP_NUM_THREADS': '1'}, stdout=log, stderr=subprocess.STDOUT)
    print(f'{kind} on {trained_on}, seed {seed}: trained', flush=True)


@torch.no_grad()
def predict(kind: str, trained_on: str, seed: int, samples: list, args: argparse.Namespace,
            options: dict[str, object]) -> Predictions:
    """What a trained planner makes of a list; ``options`` change its model."""
    changes = {f'+model.{name}': value for name, value in options.items()}
    model = init_model(config_of(kind, trained_on, args), folder_of(kind, trained_on, seed, args) / 'best.pth', 'cpu',
                       changes)
    model(data_samples=samples, mode='predict')
    drawn = [sample.get('pred_future_samples') for sample in samples]
    return Predictions(
        [f'{sample.subset}/{sample.sample_id}' for sample in samples],
        np.stack([sample.pred_future_logits.numpy() for sample in samples]),
        np.stack([sample.gt_future_steps.numpy() for sample in samples]),
        np.stack([item.numpy() for item in drawn]) if options.get('num_joint') else None)


def pool(first: Predictions, second: Predictions) -> Predictions:
    """Normalised product of two planners' probabilities, each with weight a half, tempered."""
    return first._replace(logits=(first.logits + second.logits) / 2 / POOLED_TEMPERATURE)


def rows_of(args: argparse.Namespace) -> Iterator[tuple[str, dict[tuple[str, str], list[float]]]]:
    """Rows of the table: what it is, and a score per seed by (list, trained on)."""
    lists = {view: list_of(view, args.split, args) for view in VIEWS}
    truth = {view: [sample.gt_future_steps.numpy() for sample in list_of(view, 'train', args)] for view in VIEWS}
    places = [(view, trained_on) for view in VIEWS for trained_on in (view, 'egoexo')]

    def constant(name: str, view: str, trained_on: str) -> Predictions:
        labels = np.concatenate([truth[item] for item in VIEWS if item in trained_on])
        logits = constant_logits(labels, 27, 8)[name]
        return Predictions([f'{sample.subset}/{sample.sample_id}' for sample in lists[view]],
                           np.broadcast_to(logits, (len(lists[view]), *logits.shape)),
                           np.stack([sample.gt_future_steps.numpy() for sample in lists[view]]), None)

    def scores(make: object) -> dict[tuple[str, str], list[float]]:
        return {place: [make(*place, seed).score(seed) for seed in args.seeds] for place in places}

    def planner(kind: str, **options: object) -> object:
        return lambda view, trained_on, seed: predict(
            kind, trained_on, args.seeds[0] if kind == 'markov' else seed, lists[view], args, options)

    yield 'uniform', scores(lambda *place: constant('uniform', *place[:2]))
    yield 'frequency of the steps in training', scores(lambda *place: constant('prior', *place[:2]))
    if 'markov' in args.planners:
        yield 'Markov chain, its probabilities', scores(planner('markov', temperature=1.0))
        yield 'Markov chain (config)', scores(planner('markov'))
        yield f'Markov chain, {NUM_SAMPLES} whole sequences', scores(
            lambda *place: planner('markov', num_joint=NUM_SAMPLES, joint_temperature=JOINT_TEMPERATURE,
                                   seed=place[2])(*place))
    for kind in ('transformer', 'perceptron'):
        if kind in args.planners:
            yield f'{kind}, its probabilities', scores(planner(kind, temperature=1.0))
            yield f'{kind} (config)', scores(planner(kind))
    if {'markov', 'perceptron'} <= set(args.planners):
        both = planner('markov', temperature=1.0), planner('perceptron', temperature=1.0)
        yield 'Markov chain and perceptron, pooled', scores(lambda *place: pool(*(each(*place) for each in both)))


def command_of(args: argparse.Namespace) -> str:
    """The command that writes this table."""
    words = ['python tools/analysis/planning_floor.py', *(['--mini'] if args.mini else [])]
    words += ['--seeds', *map(str, args.seeds)] if args.seeds != [0, 1, 2, 3, 4] else []
    words += ['--planners', *args.planners] if set(args.planners) != set(KINDS) else []
    return ' '.join(words)


def as_markdown(rows: list, args: argparse.Namespace) -> str:
    """The table: mean and standard deviation over the seeds."""
    places = list(rows[0][1])
    lines = [f'1-AUED on the {args.split} lists{" of EgoExo-Mini" if args.mini else ""}, mean ± standard deviation '
             f'over the seeds {", ".join(map(str, args.seeds))}; {datetime.date.today():%Y-%m-%d}, CPU, command',
             f'`{command_of(args)}`.', '',
             '| planner | ' + ' | '.join(f'{view} {args.split}, trained on {trained_on}' for view, trained_on in places)
             + ' |', '|---' * (len(places) + 1) + '|']
    for name, scores in rows:
        cells = [f'{statistics.fmean(series):.3f} ± {statistics.stdev(series) if len(series) > 1 else 0.0:.3f}'
                 for series in scores.values()]
        lines.append(f'| {name} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def insert_table(page: Path, table: str, start: str, end: str) -> None:
    """Put the table between its two marks; a page without the marks is left alone, said aloud."""
    text = page.read_text(encoding='utf-8') if page.is_file() else ''
    if start not in text or end not in text:
        print(f'{page} has no marks "{start}" and "{end}": the table was only printed')
        return
    page.write_text(f'{text.split(start)[0]}{start}\n{table}\n{end}{text.split(end)[1]}', encoding='utf-8')


def compare_settings(args: argparse.Namespace) -> str:
    """1-AUED of orders, discounts and temperatures on left-out training videos, one draw."""
    lines = ['| view | order | discount | temperature 1 | 0.7 | 0.6 | 0.5 | 0.4 |', '|---' * 8 + '|']
    for view in VIEWS:
        samples = list_of(view, 'train', args)
        videos = sorted({sample.uid for sample in samples})
        order = np.random.default_rng(0).permutation(len(videos))
        fold_of = {videos[number]: place % args.folds for place, number in enumerate(order)}
        for length in range(4):
            for discount in (0.5, 0.75, 0.9):
                planner = MarkovPlanner(order=length, discount=discount)
                cells = [f'{cell:.3f}' for cell in settings_of(samples, fold_of, planner, args.folds)]
                lines.append(f'| {view} | {length} | {discount} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


@torch.no_grad()
def settings_of(samples: list, fold_of: dict[str, int], model: MarkovPlanner, num_folds: int) -> list[float]:
    """Scores of one order and discount by temperature."""
    parts = []
    for fold in range(min(num_folds, len(fold_of))):
        left_out = [sample for sample in samples if fold_of[sample.uid] == fold]
        model.observe([sample for sample in samples if fold_of[sample.uid] != fold])
        model.finish()
        logs = model.log_probabilities([sample.gt_past_steps for sample in left_out]).numpy()
        parts.append(([sample.sample_id for sample in left_out], logs,
                      np.stack([sample.gt_future_steps.numpy() for sample in left_out])))
    names = [name for part in parts for name in part[0]]
    logs, targets = (np.concatenate([part[number] for part in parts]) for number in (1, 2))
    return [Predictions(names, logs / temperature, targets, None).score(0) for temperature in (1, 0.7, 0.6, 0.5, 0.4)]


def main(argv: Sequence[str] | None = None) -> int:
    """Train, score, print and write; 0 when everything ran."""
    args = parse_args(argv)
    if args.folds:
        print(compare_settings(args))
        return 0
    jobs = [(kind, trained_on, seed) for kind in args.planners for trained_on in (*VIEWS, 'egoexo')
            for seed in (args.seeds[:1] if kind == 'markov' else args.seeds)]
    with ThreadPoolExecutor(args.jobs) as workers:
        list(workers.map(lambda job: train(*job, args), jobs))
    table = as_markdown(list(rows_of(args)), args)
    print(table)
    if not args.dry_run:
        insert_table(args.readme, table, *marks(args))
    return 0


if __name__ == '__main__':
    sys.exit(main())
