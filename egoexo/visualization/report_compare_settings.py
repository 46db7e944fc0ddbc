"""Chapters of a comparison on what ran: outcome, settings, versions, protocols, features, side by side."""

from collections.abc import Iterator, Sequence

from egoexo.visualization.config_diff import diff_runs
from egoexo.visualization.report_parts import Cell, Heading, Note, Table
from egoexo.visualization.report_run import Run
from egoexo.visualization.report_settings import read_recipe, recipe_folders
from egoexo.visualization.report_status import status_word

__all__ = ['input_table', 'overview', 'recipe_tables', 'setting_tables', 'version_tables']

_ENTRY_FACTS = ('egoexo', 'commit', 'python', 'torch', 'device', 'world_size')
_LOG_FACTS = ('sys.platform', 'MMEngine', 'MMCV', 'OpenCV', 'CUDA available')
_MAX_VALUE = 300


def overview(runs: Sequence[Run], headings: Sequence[Heading]) -> Table:
    """One line per run: what it is, how it ended, where its numbers come from.

    Args:
        runs (Sequence[Run]): In the order of the page.
        headings (Sequence[Heading]): One per run.

    Returns:
        Table: For the top of the page.
    """
    rows = []
    for run, heading in zip(runs, headings, strict=True):
        state = status_word(run)
        bad = 'worse' if 'FAILED' in state or 'never' in state else ''
        rows.append([heading, run.name, run.seed or None, Cell(state, mark=bad),
                     f'{run.times[0]:%Y-%m-%d %H:%M}' if run.times else None,
                     run.metrics_from or 'no metrics', str(run.work_dir)])
    return Table(('run', 'config', 'seed', 'newest command', 'started', 'scores from', 'folder'),
                 rows)


def setting_tables(runs: Sequence[Run], headings: Sequence[Heading]) -> Iterator[Table | Note]:
    """Settings in which the runs differ.

    Args:
        runs (Sequence[Run]): In the order of the page.
        headings (Sequence[Heading]): One per run.

    Yields:
        Table | Note: A column per run that has a config.
    """
    known = [(run, heading) for run, heading in zip(runs, headings, strict=True) if run.config is not None]
    absent = [heading.text for run, heading in zip(runs, headings, strict=True) if run.config is None]
    if absent:
        yield Note(f'Without a config that can be read, so not compared: {", ".join(absent)}.', 'warning')
    if len(known) < 2:
        return
    rows = [[path, *(value if len(value) <= _MAX_VALUE else f'{value[:_MAX_VALUE]} …' for value in values)]
            for path, *values in diff_runs([run.config for run, _ in known])]
    note = 'Folders, launcher and checkpoint to start from are left out.'
    yield Table(('setting', *(heading for _, heading in known)), rows, '',
                note if rows else f'Nothing differs. {note}', wide=True)


def version_tables(runs: Sequence[Run], headings: Sequence[Heading]) -> Iterator[Table | Note]:
    """Versions, commit, seed and device side by side, and the command lines.

    Args:
        runs (Sequence[Run]): In the order of the page.
        headings (Sequence[Heading]): One per run.

    Yields:
        Table | Note: Facts that differ are marked.
    """
    newest = [(run.commands or [{}])[-1] for run in runs]
    facts = {'seed': [run.seed for run in runs],
             'protocols': [_protocols(run) for run in runs],
             'scored checkpoint': [str(run.score_info.get('checkpoint', '')) for run in runs]}
    facts |= {key: [str(entry.get(key, '')) for entry in newest] for key in _ENTRY_FACTS}
    facts |= {key: [run.environment.get(key, '') for run in runs] for key in _LOG_FACTS}
    rows = [[key, *_mark_differing(values)] for key, values in facts.items() if any(values)]
    yield Table(('', *headings), rows, note='Marked: not the same in all runs.', wide=True)
    for run, heading in zip(runs, headings, strict=True):
        lines = '\n'.join(f'{entry.get("started", "")}  {entry.get("command", "")}  [{entry.get("status", "?")}]'
                          for entry in run.commands)
        yield Note(lines or 'The command line was not kept.', 'code', f'Commands of {heading.text}')


def _protocols(run: Run) -> str:
    stated = run.score_info.get('protocols')
    return ', '.join(f'{name} {digest}' for name, digest in stated.items()) if isinstance(stated, dict) else ''


def _mark_differing(values: Sequence[str]) -> list[Cell]:
    mark = 'differs' if len(set(values)) > 1 else ''
    return [Cell(value or None, mark=mark) for value in values]


def recipe_tables(runs: Sequence[Run], headings: Sequence[Heading]) -> Iterator[Table | Note]:
    """Feature recipes side by side.

    Args:
        runs (Sequence[Run]): In the order of the page.
        headings (Sequence[Heading]): One per run.

    Yields:
        Table | Note: One table per use (training, validation, test) that is not like the one before.
    """
    uses: dict[str, list[str]] = {}
    recipes: dict[str, list[list[tuple[str, dict]]]] = {}
    for loader in ('train', 'val', 'test'):
        found = []
        for run in runs:
            folders = [folder for folder, used in recipe_folders(run).items() if loader in used]
            read = [(str(folder), read_recipe(folder)) for folder in folders]
            found.append([(name, {'recipe': item} if isinstance(item, str) else item) for name, item in read])
        key = repr(found)
        uses.setdefault(key, []).append(loader)
        recipes[key] = found
    for key, found in recipes.items():
        if any(found):
            names = dict.fromkeys(name for folders in found for _, item in folders for name in item)
            rows = [['folder', *_mark_differing(['; '.join(name for name, _ in folders) for folders in found])]]
            rows += [[name, *_mark_differing(['; '.join(dict.fromkeys(str(item.get(name, '–')) for _, item in folders))
                                              for folders in found])] for name in names]
            yield Table(('', *headings), rows, f'Features for {", ".join(uses[key])}', 'Marked: not the same in all '
                        'runs. A run that reads several folders lists each different value.', wide=True)
    if not any(any(found) for found in recipes.values()):
        yield Note('The configs name no feature folder.')


def input_table(runs: Sequence[Run], headings: Sequence[Heading]) -> Iterator[Table | Note]:
    """Used and listed inputs of every list, side by side.

    Args:
        runs (Sequence[Run]): In the order of the page.
        headings (Sequence[Heading]): One per run.

    Yields:
        Table | Note: One row per loader and list; the reasons are in the chapters of the runs.
    """
    cells = [{(loader, str(item.get('subset'))): item for loader, lists in (run.inputs or {}).items()
              for item in lists} for run in runs]
    rows = []
    loaders = list(dict.fromkeys(loader for item in cells for loader, _ in item))
    keys = dict.fromkeys(key for item in cells for key in item)
    for loader, subset in sorted(keys, key=lambda key: loaders.index(key[0])):
        texts = [_usage(item.get((loader, subset))) for item in cells]
        # A list that a run does not use is a matter of its settings, not of its inputs.
        differ = len(set(texts) - {''}) > 1
        rows.append([loader, subset, *(Cell(text or None, mark='worse' if ' of ' in text or text == 'missing' else
                                            'differs' if differ and text else '') for text in texts)])
    if rows:
        yield Table(('used for', 'list', *headings), rows, note='Samples used; marked where some were left out.',
                    wide=True)
    silent = [heading.text for run, heading in zip(runs, headings, strict=True) if run.inputs is None]
    if silent:
        yield Note(f'Not noted (no inputs.json) by: {", ".join(silent)}.', 'warning')


def _usage(item: dict | None) -> str:
    if item is None:
        return ''
    if item.get('missing'):
        return 'missing'
    used, listed = item.get('used'), item.get('listed')
    return f'{used}' if used == listed else f'{used} of {listed}'
