"""Reads configs and refuses wrong ones before anything is built."""

import difflib
from pathlib import Path

from mmengine.config import Config

from egoexo import compat
from egoexo.apis.config_check import check_config, check_unread_keys
from egoexo.errors import ConfigError
from egoexo.utils.config_files import config_folders

__all__ = ['config_folders', 'find_config', 'get_config', 'load_config']

# Runner adds these itself, so None has to reach it.
_MMENGINE_HOOKS = ('runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint')


def find_config(name: str) -> Path:
    """Path of a config by its short name.

    Args:
        name (str): ``'segmentation/mstcn_i3d_egoexolearn-ego'``, with or without ``.py``.

    Returns:
        Path: Existing file.

    Raises:
        ConfigError: If there is none; lists the nearest names.

    Examples:
        >>> find_config('segmentation/mstcn_i3d_egoexolearn-ego').name
        'mstcn_i3d_egoexolearn-ego.py'
    """
    relative = Path(name).with_name(Path(name).name.removesuffix('.py') + '.py')
    for folder in config_folders():
        if (folder / relative).is_file():
            return folder / relative
    known = [str(path.relative_to(folder)) for folder in config_folders() for path in sorted(folder.rglob('*.py'))]
    raise ConfigError(f"There is no config '{name}'. {_nearest(str(relative), known)}")


def get_config(name: str, cfg_options: dict | None = None) -> Config:
    """Load one of our configs by its short name, from a clone or an installed package.

    Args:
        name (str): ``'segmentation/mstcn_i3d_egoexolearn-ego'``.
        cfg_options (dict, optional): See :func:`load_config`.

    Returns:
        Config: Checked config.

    Examples:
        >>> get_config('segmentation/mstcn_i3d_egoexolearn-ego').model.type
        'Segmentor'
    """
    return load_config(find_config(name), cfg_options)


def load_config(path: str | Path, cfg_options: dict | None = None) -> Config:
    """Read a config with its bases, apply options, and check it whole before anything is built.

    Checked are: top-level keys that look misspelt or that nobody reads, option paths that the config does not have,
    every ``type=`` against the registries, and its arguments against the signature of the class.

    Args:
        path (str | Path): Config file.
        cfg_options (dict, optional): Values by dotted path, e.g. ``{'train_dataloader.batch_size': 4}``. A path must
            exist; a leading ``+`` adds a new one, ``{'+model.head.dropout': 0.1}``.

    Returns:
        Config: The checked config.

    Raises:
        ConfigError: With the config path of every problem found and the nearest valid names.

    Examples:
        >>> path = find_config('segmentation/mstcn_i3d_egoexolearn-ego')
        >>> load_config(path, {'optim_wrapper.optimizer.lr': 1e-4}).optim_wrapper.optimizer.lr
        0.0001
        >>> load_config(path, {'modle.backbone.num_stages': 3})
        Traceback (most recent call last):
        egoexo.errors.ConfigError: --cfg-options modle.backbone.num_stages: the config has no 'modle'. ...
    """
    compat.apply()
    path = Path(path)
    if not path.is_file():
        raise ConfigError(f'Config file {path} does not exist. {_nearest_file(path)}')
    cfg = _read(path)
    if cfg_options:
        _merge_options(cfg, cfg_options)
    _leave_out_hooks(cfg)
    check_unread_keys(cfg, path)
    check_config(cfg, str(path))
    return cfg


def _leave_out_hooks(cfg: Config) -> None:
    """Let ``default_hooks.<name>=None`` switch any hook off; MMEngine takes it for its own six and fails for ours."""
    hooks = cfg.get('default_hooks') or {}
    for name in [name for name, hook in hooks.items() if hook is None and name not in _MMENGINE_HOOKS]:
        hooks.pop(name)


def _read(path: Path) -> Config:
    try:
        return Config.fromfile(path)
    except SyntaxError as error:
        raise ConfigError(f'Config {path} is not valid Python: {error}') from error
    except FileNotFoundError as error:
        raise ConfigError(f'Config {path} needs a base that does not exist: {error}. Check _base_.') from error
    except ImportError as error:
        # MMEngine wraps the reason twice and adds the whole search path.
        reason = (error.__cause__ and error.__cause__.__context__) or error
        raise ConfigError(f'Config {path}: custom_imports cannot be imported ({reason}). Put the folder that holds the '
                          'module on PYTHONPATH, as in PYTHONPATH=. python tools/train.py CONFIG, or mend the import '
                          'inside it.') from error
    except (KeyError, AttributeError, NameError, TypeError) as error:
        # Two bases with the same key, {{_base_.x}} of a missing x, a name used before it is set.
        text = error.args[0] if error.args else error
        raise ConfigError(f'Config {path} cannot be composed ({type(error).__name__}): {text}') from error


def _merge_options(cfg: Config, cfg_options: dict) -> None:
    """Merge options whose path exists; ``+path`` may be new."""
    merged = {}
    for name, value in cfg_options.items():
        if not name.startswith('+'):
            _check_option(cfg, name)
        merged[name.removeprefix('+')] = value
    try:
        cfg.merge_from_dict(merged)
    except (KeyError, TypeError, AssertionError) as error:
        raise ConfigError(f'--cfg-options cannot be merged: {error.args[0] if error.args else error}') from error


def _check_option(cfg: Config, name: str) -> None:
    node, walked = cfg, []
    for part in name.split('.'):
        children = _children(node)
        if part not in children:
            where = '.'.join(walked) or 'the config'
            near = difflib.get_close_matches(part, children, n=3, cutoff=0.5)
            hint = 'Did you mean ' + ' or '.join('.'.join([*walked, match]) for match in near) + '?' if near else \
                f'It has: {", ".join(children) or "nothing below it"}.'
            raise ConfigError(f"--cfg-options {name}: {where} has no '{part}'. {hint} "
                              f'To add a new key on purpose write +{name}=VALUE.')
        node = node[int(part)] if isinstance(node, list | tuple) else node[part]
        walked.append(part)


def _children(node: object) -> list[str]:
    if isinstance(node, Config | dict):
        return [str(key) for key in node]
    return [str(index) for index in range(len(node))] if isinstance(node, list | tuple) else []


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    return f'Nearest: {", ".join(near)}.' if near else f'Known: {", ".join(known[:10]) or "none"}.'


def _nearest_file(path: Path) -> str:
    """Config files with a similar name, in the folder that was named and in ours."""
    folders = dict.fromkeys([path.parent.resolve(), *(folder.resolve() for folder in config_folders())])
    names = {candidate.name: candidate for folder in folders if folder.is_dir()
             for candidate in sorted(folder.glob('*.py') if folder == path.parent.resolve() else folder.rglob('*.py'))}
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.4)
    shown = [_short(names[name]) for name in near]
    return f'Nearest: {", ".join(shown)}.' if shown else 'No config with a similar name was found.'


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
