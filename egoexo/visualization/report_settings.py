"""Chapter of the report on what ran: commands, versions, protocols, feature recipes, settings."""

import json
import platform
from collections.abc import Iterator
from pathlib import Path

from egoexo.evaluation.protocols.segmentation import PROTOCOLS
from egoexo.utils.loader_configs import iter_datasets
from egoexo.version import __version__
from egoexo.visualization.config_diff import diff_from_bases
from egoexo.visualization.report_parts import Facts, Note, Table
from egoexo.visualization.report_run import Run

__all__ = ['setting_parts']


def setting_parts(run: Run, shipped: str | Path | None = None) -> Iterator[Facts | Note | Table]:
    """Say what was run, with what, on what.

    Args:
        run (Run): What was read from the work directory.
        shipped (str | Path | None): File the config came from; ``None`` takes the one of ``command.json``.

    Yields:
        Facts | Note | Table: Content of the chapter.
    """
    yield from _command_parts(run)
    yield Table(('protocol', 'hash', 'rules'), list(_protocol_rows(run)), 'Protocols',
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
    stated = run.score_info.get('protocols')
    if not isinstance(stated, dict):
        evaluator = (run.config or {}).get('test_evaluator') or {}
        names = evaluator.get('protocols', ('official',)) if hasattr(evaluator, 'get') else ('official',)
        names = [names] if isinstance(names, str) else names
        stated = {name: PROTOCOLS[name].hash for name in (PROTOCOLS if 'all' in names else names) if name in PROTOCOLS}
    for name, digest in stated.items():
        known = PROTOCOLS.get(name)
        text = known.description if known else 'not among the protocols of this version'
        changed = known is not None and known.hash != digest
        yield [name, digest, f'{text} (rules with this hash differ from {known.hash}.)' if changed else text]


def _recipe_parts(run: Run) -> Iterator[Table]:
    """Recipe of every feature folder that the config names."""
    folders: dict[Path, list[str]] = {}
    for split in ('train', 'val', 'test'):
        for dataset in iter_datasets((run.config or {}).get(f'{split}_dataloader')):
            if 'features' in (dataset.get('data_prefix') or {}):
                used = folders.setdefault(Path(dataset.get('data_root', '')) / dataset['data_prefix']['features'], [])
                used.extend({split} - set(used))
    rows = [[', '.join(used), str(folder), _recipe_text(folder)] for folder, used in folders.items()]
    if rows:
        yield Table(('used in', 'feature folder', 'recipe'), rows, 'Features')


def _recipe_text(folder: Path) -> str:
    path = folder / 'recipe.json'
    if not path.is_file():
        return 'no recipe.json: taken for the official features of the benchmark'
    try:
        recipe = json.loads(path.read_text(encoding='utf-8'))
    except json.JSONDecodeError as error:
        return f'recipe.json is damaged: {error}'
    return ', '.join(f'{key} {value}' for key, value in recipe.items() if value is not None)


def _config_parts(run: Run, shipped: str | Path | None) -> Iterator[Table | Note]:
    if run.config is None:
        yield Note('No config was found in this folder.', 'warning')
        return
    if shipped is None:
        yield Note('The config file this run came from was not found, so its settings are not compared with its bases.',
                   'warning')
    else:
        rows = diff_from_bases(run.config, shipped)
        yield Table(('setting', 'bases', 'this run'), rows, f'Settings that differ from the bases of {run.name}',
                    '' if rows else 'Nothing differs.')
    yield Note(run.config_text, 'code', 'Whole config')
