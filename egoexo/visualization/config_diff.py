"""In what a run differs from the configs it inherits."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath

from mmengine.config import Config

from egoexo.utils.config_files import OWN_PREFIX, own_base

__all__ = ['ABSENT', 'base_files', 'diff_configs', 'diff_from_bases']

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
    ours = {key: value for key, value in config.to_dict().items() if key not in _HOUSEKEEPING}
    return diff_configs({key: value for key, value in merged.items() if key not in _HOUSEKEEPING}, ours)


def diff_configs(theirs: Mapping, ours: Mapping) -> list[tuple[str, str, str]]:
    """Compare two nested dicts.

    Args:
        theirs (Mapping): Reference.
        ours (Mapping): What is described.

    Returns:
        list[tuple[str, str, str]]: Dotted path, value of ``theirs``, value of ``ours``; one row per innermost
        difference. Lists of different length are one row.
    """
    return list(_walk('', theirs, ours))


def _walk(path: str, theirs: object, ours: object) -> Iterator[tuple[str, str, str]]:
    if isinstance(theirs, Mapping) and isinstance(ours, Mapping):
        for key in dict.fromkeys([*theirs, *ours]):
            yield from _walk(f'{path}.{key}' if path else str(key), theirs.get(key, ABSENT), ours.get(key, ABSENT))
    elif (isinstance(theirs, list | tuple) and isinstance(ours, list | tuple) and len(theirs) == len(ours)
          and _summary(theirs) == _summary(ours)):
        for index, pair in enumerate(zip(theirs, ours, strict=True)):
            yield from _walk(f'{path}.{index}', *pair)
    elif theirs != ours:
        yield path, _summary(theirs), _summary(ours)


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
