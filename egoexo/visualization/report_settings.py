"""Chapter of the report on what ran: commands, versions, protocols, feature recipes, settings."""

import json
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path

from egoexo.evaluation.protocols import (
    Protocol,
    anticipation,
    correspondence,
    planning,
    recognition,
    segmentation,
    transfer,
)
from egoexo.version import __version__
from egoexo.visualization.config_diff import diff_from_bases
from egoexo.visualization.report_parts import Facts, Note, Table
from egoexo.visualization.report_run import Run

__all__ = ['read_recipe', 'recipe_folders', 'setting_parts']

#: Protocols of each benchmark by the type of its metric: they share names.
_PROTOCOLS: Mapping[str, Mapping[str, Protocol]] = {
    'AnticipationMetric': anticipation.PROTOCOLS, 'CorrespondenceMetric': correspondence.PROTOCOLS,
    'PlanningMetric': planning.PROTOCOLS, 'RecognitionMetric': recognition.PROTOCOLS,
    'SegmentationMetric': segmentation.PROTOCOLS, 'TransferMetric': transfer.PROTOCOLS}


def setting_parts(run: Run, shipped: str | Path | None = None) -> Iterator[Facts | Note | Table]:
    """Say what was run, with what, on what.

    Args:
        run (Run): What was read from the work directory.
        shipped (str | Path | None): File the config came from; ``None`` takes the one of ``command.json``.

    Yields:
        Facts | Note | Table: Content of the chapter.
    """
    yield from _command_parts(run)
    protocols = list(_protocol_rows(run))
    if protocols:
        yield Table(('protocol', 'hash', 'rules'), protocols, 'Protocols',
                    'Two results may be compared when their hashes are equal.')
    yield from _recipe_parts(run)
    yield from _config_parts(run, shipped or _logged_config(run))


def _command_parts(run: Run) -> Iterator[Facts | Note]:
    rows = [('config', run.name), ('work directory', str(run.work_dir))]
    if run.times:
        rows += [('first log line', f'{run.times[0]:%Y-%m-%d %H:%M:%S}'),
                 ('last log line', f'{run.times[1]:%Y-%m-%d %H:%M:%S}')]
    rows += list(run.environment.items())
    if run.commands:
        newest = run.commands[-1]
        rows += [(key, str(newest[key])) for key in ('egoexo', 'commit', 'device', 'world_size') if newest.get(key)]
    rows += [(f'scored {key}', str(value)) for key, value in run.score_info.items() if not isinstance(value, dict)]
    rows += [('egoexo of this report', __version__), ('Python of this report', platform.python_version())]
    lines = [f'{entry.get("started", "")}  {entry.get("command", "")}' for entry in run.commands]
    yield Note('\n'.join(lines), 'code') if lines else Note('The command line was not kept.', 'warning')
    yield Facts(rows)


def _logged_config(run: Run) -> Path | None:
    """Config file of the newest training, else of the newest command, if it is still there."""
    entries = [entry for entry in run.commands if entry.get('tool') == 'train'] or run.commands
    path = Path(str(entries[-1].get('config', ''))) if entries else None
    return path if path is not None and path.is_file() else None


def _protocol_rows(run: Run) -> Iterator[list[str]]:
    """Protocols of the scores file with their hashes there, else those of the config."""
    evaluator = (run.config or {}).get('test_evaluator') or {}
    evaluator = evaluator[0] if isinstance(evaluator, list) else evaluator
    kind = str(evaluator.get('type', '')).rpartition('.')[2] if hasattr(evaluator, 'get') else ''
    protocols = _PROTOCOLS.get(kind, {} if kind else segmentation.PROTOCOLS)
    stated = run.score_info.get('protocols')
    if not isinstance(stated, dict):
        if kind not in _PROTOCOLS:
            return
        names = evaluator.get('protocols', ('official',))
        names = [names] if isinstance(names, str) else names
        stated = {name: protocols[name].hash for name in (protocols if 'all' in names else names) if name in protocols}
    for name, digest in stated.items():
        known = protocols.get(name)
        text = known.description if known else 'not among the protocols of this version'
        changed = known is not None and known.hash != digest
        yield [name, digest, f'{text} (rules with this hash differ from {known.hash}.)' if changed else text]


def recipe_folders(run: Run) -> dict[Path, list[str]]:
    """Feature folders that the config names, with the loaders that use them.

    Args:
        run (Run): What was read from the work directory.

    Returns:
        dict[Path, list[str]]: ``'train'``, ``'val'``, ``'test'`` by folder.
    """
    folders: dict[Path, list[str]] = {}
    for split in ('train', 'val', 'test'):
        for dataset in run.datasets(split):
            prefix = dataset.get('data_prefix') or {}
            if isinstance(prefix, dict) and 'features' in prefix:
                used = folders.setdefault(Path(dataset.get('data_root') or '') / prefix['features'], [])
                used.extend({split} - set(used))
    return folders


def read_recipe(folder: Path) -> dict[str, object] | str:
    """Recipe of a feature folder, or a sentence about why there is none.

    Args:
        folder (Path): Feature folder.

    Returns:
        dict[str, object] | str: Values that are not None, by name.
    """
    path = folder / 'recipe.json'
    if not path.is_file():
        known = 'taken for the official features of the benchmark' if folder.is_dir() else 'the folder is gone'
        return f'no recipe.json: {known}'
    try:
        recipe = json.loads(path.read_text(encoding='utf-8'))
    except (ValueError, OSError, RecursionError) as error:
        return f'recipe.json is damaged: {error}'
    if not isinstance(recipe, dict):
        return f'recipe.json is damaged: it holds a {type(recipe).__name__}, expected a dict'
    return {key: value for key, value in recipe.items() if value is not None}


def _recipe_parts(run: Run) -> Iterator[Table]:
    rows = []
    for folder, used in recipe_folders(run).items():
        recipe = read_recipe(folder)
        text = recipe if isinstance(recipe, str) else ', '.join(f'{key} {value}' for key, value in recipe.items())
        rows.append([', '.join(used), str(folder), text])
    if rows:
        yield Table(('used in', 'feature folder', 'recipe'), rows, 'Features')


def _config_parts(run: Run, shipped: str | Path | None) -> Iterator[Table | Note]:
    if run.config is None:
        yield Note('No config was found in this folder.', 'warning')
        return
    if shipped is None:
        yield Note('The config file this run came from was not found, so its settings are not compared with its bases.',
                   'warning')
    else:
        try:
            rows = diff_from_bases(run.config, shipped)
        except Exception as error:  # configs are Python, and this one may have changed since
            yield Note(f'The settings cannot be compared with the bases of {shipped}: {error}', 'warning')
            yield Note(run.config_text, 'code', 'Whole config')
            return
        yield Table(('setting', 'bases', 'this run'), rows, f'Settings that differ from the bases of {run.name}',
                    '' if rows else 'Nothing differs.')
    yield Note(run.config_text, 'code', 'Whole config')
