"""Short unique names of runs, and how their curves look."""

from collections.abc import Sequence
from os.path import commonprefix

from egoexo.visualization.config_diff import same_but_seed
from egoexo.visualization.report_parts import Heading
from egoexo.visualization.report_run import Run

__all__ = ['LINES', 'group_by_experiment', 'run_headings', 'short_names']

#: CSS border style -> matplotlib line style.
LINES = {'solid': '-', 'dashed': '--', 'dotted': ':'}
_COLORS = ('#1b4f8f', '#c2790f', '#2f7d5b', '#9b2d52', '#6a48a8', '#2e9bc4', '#6b6b6b', '#8a8a00')
_MAX_LENGTH, _LONG = 24, 18


def short_names(runs: Sequence[Run]) -> list[str]:
    """Names that tell the runs apart: those of their folders, without what all of them have in common when long.

    Args:
        runs (Sequence[Run]): In the order of the page.

    Returns:
        list[str]: One per run, all different.
    """
    folders = [run.work_dir.resolve() for run in runs]
    names = [folder.name for folder in folders]
    if len(set(names)) < len(names):
        names = ['/'.join(folder.parts[-2:]) for folder in folders]
    shared = commonprefix(names)  # noqa: RUF071 characters are meant: these are names, not paths
    cut = 1 + max(shared.rfind(mark) for mark in '-_/.')
    if max(map(len, names)) > _LONG and all(len(name) > cut for name in names):
        names = [name[cut:] for name in names]
    names = [name if len(name) <= _MAX_LENGTH else f'{name[:_MAX_LENGTH // 2 - 1]}…{name[-_MAX_LENGTH // 2:]}'
             for name in names]
    return [name if names.count(name) == 1 else f'{name} ({names[:place].count(name) + 1})'
            for place, name in enumerate(names)]


def group_by_experiment(runs: Sequence[Run]) -> list[int]:
    """Which runs are seeds of one experiment: equal configs but for the seed.

    Args:
        runs (Sequence[Run]): In the order of the page.

    Returns:
        list[int]: Number of the experiment of each run, from 0 in order of appearance; a run without a config is one
        of its own.
    """
    numbers: list[int] = []
    for place, run in enumerate(runs):
        same = next((numbers[earlier] for earlier in range(place) if run.config is not None
                     and runs[earlier].config is not None and same_but_seed(runs[earlier].config, run.config)), None)
        numbers.append(len(set(numbers)) if same is None else same)
    return numbers


def run_headings(runs: Sequence[Run]) -> list[Heading]:
    """Name and look of every run: a colour per experiment, a kind of line per seed.

    Args:
        runs (Sequence[Run]): In the order of the page.

    Returns:
        list[Heading]: One per run.
    """
    groups = group_by_experiment(runs)
    if len(set(groups)) == 1:  # seeds of one experiment only: colours are free to tell them apart
        groups = list(range(len(runs)))
    lines = list(LINES)
    return [Heading(name, _COLORS[group % len(_COLORS)],
                    lines[(groups[:place].count(group) + group // len(_COLORS)) % len(lines)])
            for place, (name, group) in enumerate(zip(short_names(runs), groups, strict=True))]
