"""In what a run differs from the configs it inherits, and runs from each other."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath

from mmengine.config import Config

from egoexo.utils.config_files import OWN_PREFIX, own_base

__all__ = ['ABSENT', 'base_files', 'diff_configs', 'diff_from_bases', 'diff_runs', 'same_but_seed']

#: Stands where one side has no such key.
ABSENT = '(absent)'
_HOUSEKEEPING = ('work_dir', 'launcher', 'load_from', 'resume', 'experiment_name')


def base_files(path: str | Path) -> list[Path]:
    """Files that a config names in ``_base_``.

    Args:
        path (str | Path): Config file.

    Returns:
        list[Path]: In the order written; empty without ``_base_``.
    """
    path = Path(path)
    for node in ast.parse(path.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', '') == '_base_':
            names = ast.literal_eval(node.value)
            names = [names] if isinstance(names, str) else names
            return [own_base(name) if name.startswith(OWN_PREFIX) else path.parent / name for name in names]
    return []


def diff_from_bases(config: Config, shipped: str | Path) -> list[tuple[str, str, str]]:
    """Compare a resolved config with the bases of the file it came from.

    Args:
        config (Config): What ran, command-line options included.
        shipped (str | Path): The config file it came from.

    Returns:
        list[tuple[str, str, str]]: Dotted path, value of the bases, value of the run.
    """
    merged: dict = {}
    for base in base_files(shipped):
        merged.update(Config.fromfile(base).to_dict())
    return diff_configs(_without_housekeeping(merged), _without_housekeeping(config.to_dict()))


def diff_runs(configs: Sequence[Config]) -> list[tuple[str, ...]]:
    """Compare the resolved configs of several runs.

    Args:
        configs (Sequence[Config]): What ran, command-line options included.

    Returns:
        list[tuple[str, ...]]: Dotted path and the value of each run, one row per setting that is not the same in all.
    """
    return list(_walk('', [_without_housekeeping(config.to_dict()) for config in configs]))


def same_but_seed(one: Config, other: Config) -> bool:
    """Whether two runs differ in their seed at most.

    Args:
        one (Config): Resolved config of a run.
        other (Config): Of the other run.

    Returns:
        bool: True for two seeds of one experiment.
    """
    return all(path == 'randomness.seed' for path, *_ in diff_runs([one, other]))


def _without_housekeeping(config: Mapping) -> dict:
    return {key: value for key, value in config.items() if key not in _HOUSEKEEPING}


def diff_configs(theirs: Mapping, ours: Mapping) -> list[tuple[str, str, str]]:
    """Compare two nested dicts.

    Args:
        theirs (Mapping): Reference.
        ours (Mapping): What is described.

    Returns:
        list[tuple[str, str, str]]: Dotted path, value of ``theirs``, value of ``ours``; one row per innermost
        difference. Lists of different length are one row.
    """
    return list(_walk('', [theirs, ours]))


def _walk(path: str, sides: Sequence[object]) -> Iterator[tuple[str, ...]]:
    first = sides[0]
    if all(isinstance(side, Mapping) for side in sides):
        for key in dict.fromkeys(key for side in sides for key in side):
            yield from _walk(f'{path}.{key}' if path else str(key), [side.get(key, ABSENT) for side in sides])
    elif (all(isinstance(side, list | tuple) and len(side) == len(first) for side in sides)
          and len({_summary(side) for side in sides}) == 1):
        for index, items in enumerate(zip(*sides, strict=True)):
            yield from _walk(f'{path}.{index}', items)
    elif any(side != first for side in sides):
        yield path, *map(_summary, sides)


def _summary(value: object) -> str:
    """Short text: a data set is named by its list, another component by its type."""
    if isinstance(value, Mapping):
        if 'ann_file' in value:
            return PurePath(str(value['ann_file'])).name.removesuffix('_annotations.bundle')
        if 'type' in value:
            rest = ', '.join(f'{key}={_summary(item)}' for key, item in value.items() if key != 'type')
            return f'{value["type"]}({rest})'
        return '{' + ', '.join(f'{key}: {_summary(item)}' for key, item in value.items()) + '}'
    if isinstance(value, list | tuple):
        return '[' + ', '.join(_summary(item) for item in value) + ']'
    return value if value == ABSENT else repr(value)
