"""Trainings that a config asks for before its own: the text phase whose labels the vision phase learns from."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from mmengine.config import Config
from mmengine.logging import print_log

from egoexo.apis.config import find_config, load_config
from egoexo.errors import ConfigError, TrainingError, explain

__all__ = ['LABEL_FILE', 'MARKER', 'run_phases', 'settle_phases']

#: ``pseudo_labels='phase:text'`` in a data set: the file that phase ``text`` of this run writes.
MARKER = 'phase:'
#: What a phase leaves in its folder, ``<work_dir>/<phase>/``.
LABEL_FILE = 'pseudo_labels.txt'
_LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def settle_phases(cfg: Config) -> None:
    """Replace every ``pseudo_labels='phase:NAME'`` by the path of the file that the phase writes.

    Args:
        cfg (Config): With ``work_dir``; changed in place.

    Raises:
        ConfigError: If a data set waits for a phase that the config does not have, or a phase names no config.
    """
    phases = cfg.get('phases') or {}
    for name, phase in phases.items():
        if not isinstance(phase, Mapping) or not phase.get('config'):
            raise ConfigError(explain(f'phases.{name}', "dict(config='<config file>')", repr(phase),
                                      'Name the config of the phase.'))
    for dataset, name in _waiting(cfg):
        if name not in phases:
            raise ConfigError(explain(
                f"pseudo_labels='{MARKER}{name}'", f"a phase '{name}' in the config", ', '.join(phases) or 'no phase',
                f"Add phases = dict({name}=dict(config=...)), or name a file of pseudo-labels."))
        dataset['pseudo_labels'] = str(Path(cfg.work_dir) / name / LABEL_FILE)


def run_phases(cfg: Config, resume: bool, train: Callable[[Config, Path, bool], object]) -> None:
    """Train what the config needs first; with ``--resume``, only what is not finished.

    A phase runs in ``<work_dir>/<name>`` and reads the data root and the seed of this config. It is finished when its
    labels are there: they are written last, whole or not at all.

    Args:
        cfg (Config): Settled by :func:`settle_phases`.
        resume (bool): Keep finished phases and go on in the one that is not.
        train (Callable): ``(config, file, resume)``; trains a phase, going on where it was when ``resume``.

    Raises:
        ConfigError: If the config of a phase is wrong.
        TrainingError: If a phase ends without its labels.
    """
    phases = cfg.get('phases') or {}
    if not resume:
        for name in phases:  # the labels of an earlier run must not be taken for those of this one
            (Path(cfg.work_dir) / name / LABEL_FILE).unlink(missing_ok=True)
    for number, (name, phase) in enumerate(phases.items(), 1):
        labels = Path(cfg.work_dir) / name / LABEL_FILE
        title = f"phase '{name}' ({number} of {len(phases) + 1})"
        if labels.is_file():
            print_log(f'{title}: {labels} is there, the phase is not repeated.', 'current')
            continue
        print_log(f'{title}: {phase["config"]} in {labels.parent}', 'current')
        path = _find(phase['config'])
        train(_phase_config(cfg, path, phase, labels.parent), path, resume)
        if not labels.is_file():
            raise TrainingError(explain(
                labels, f'the pseudo-labels of {title}', 'no file after its training',
                "Add dict(type='PseudoLabelHook') to custom_hooks of its config."))


def _phase_config(cfg: Config, path: Path, phase: Mapping, folder: Path) -> Config:
    """Config of a phase with what it shares with the run."""
    found = load_config(path, dict(phase.get('cfg_options') or {}))
    found.work_dir = str(folder)
    for key in ('randomness', 'env_cfg', 'log_level'):
        if key in cfg:
            found[key] = cfg[key]
    root = (cfg.get('train_dataloader') or {}).get('dataset', {}).get('data_root')
    for loader in _LOADERS:
        dataset = (found.get(loader) or {}).get('dataset')
        if root is not None and dataset is not None:
            dataset['data_root'] = root
    return found


def _waiting(cfg: Config) -> Iterator[tuple[dict, str]]:
    """Data sets that wait for a phase, and its name."""
    pending: list[object] = [cfg.get(loader) for loader in _LOADERS]
    while pending:
        node = pending.pop()
        if isinstance(node, list | tuple):
            pending += node
        elif isinstance(node, dict):
            pending += node.values()
            labels = node.get('pseudo_labels')
            if isinstance(labels, str) and labels.startswith(MARKER):
                yield node, labels.removeprefix(MARKER)


def _find(name: str) -> Path:
    """A config as a path from where the command is typed, or inside the configs that come with the toolbox."""
    return Path(name) if os.path.isfile(name) else find_config(name.removeprefix('configs/'))
