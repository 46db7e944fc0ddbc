"""Checkpoints that survive a kill at any moment and can be resumed exactly."""

import os
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner

from egoexo.errors import ConfigError
from egoexo.registry import HOOKS

__all__ = ['SafeCheckpointHook']


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's checkpoint hook with four holes closed.

    - Files are written by the ``atomic_local`` backend: a kill leaves the old file or the new one, never half of one.
    - The former best checkpoint is removed after the new one is on disk, not before.
    - ``best.pth`` in the work directory always points to the best checkpoint, so scripts need not know its epoch.
    - An interval that would lose half-accumulated gradients is refused before training starts.

    Args:
        max_keep_ckpts (int): Checkpoints kept, at least 2 (or -1 for all): with one, the old file is gone before the
            new one is written. Defaults to 2.
        backend_args (dict, optional): Defaults to ``dict(backend='atomic_local')``.
        **kwargs: See :class:`mmengine.hooks.CheckpointHook`.
    """

    def __init__(self, *args: object, max_keep_ckpts: int = 2, backend_args: dict | None = None,
                 **kwargs: object) -> None:
        if max_keep_ckpts in (0, 1):
            raise ConfigError(f'default_hooks.checkpoint.max_keep_ckpts={max_keep_ckpts}: expected -1 (all) or at '
                              'least 2, because the oldest file is deleted before the new one is written.')
        super().__init__(*args, max_keep_ckpts=max_keep_ckpts,
                         backend_args=backend_args or {'backend': 'atomic_local'}, **kwargs)

    def before_train(self, runner: Runner) -> None:
        """Refuse intervals that cannot be resumed exactly, then prepare as MMEngine does.

        Args:
            runner (Runner): The runner of the training process.

        Raises:
            ConfigError: If a checkpoint would fall between two steps of an accumulating optimizer.
        """
        for counts in _accumulative_counts(runner):
            self._check_interval(runner, counts)
        super().before_train(runner)

    def _check_interval(self, runner: Runner, counts: int) -> None:
        if self.by_epoch:
            steps = {'the epoch length (batches of train_dataloader)': len(runner.train_dataloader)}
        else:
            steps = {'default_hooks.checkpoint.interval': self.interval}
            if self.save_best and runner.val_loop is not None:
                steps['train_cfg.val_interval'] = runner.train_loop.val_interval
        for name, value in steps.items():
            if value > 0 and value % counts:
                raise ConfigError(
                    f'{name} is {value}, not a multiple of optim_wrapper.accumulative_counts={counts}. Gradients of '
                    'the open window are not part of a checkpoint, so a resumed run would differ. '
                    f'Use a multiple of {counts}, or other accumulative_counts.')

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        """Save a new best checkpoint first, remove the former one second, then point ``best.pth`` to it."""
        if not self.save_best:
            return
        former = self._best_paths()
        self._forget_best_paths()
        super()._save_best_checkpoint(runner, metrics)
        for name, path in self._best_paths().items():
            if path is None:
                self._set_best_path(name, former.get(name))
            elif former.get(name) and former[name] != path and is_main_process():
                Path(former[name]).unlink(missing_ok=True)
        newest = next(iter(self._best_paths().values()), None)
        if newest and is_main_process():
            point_to(Path(newest), Path(newest).parent / 'best.pth')

    def _best_paths(self) -> dict[str, str | None]:
        if len(self.key_indicators) == 1:
            return {self.key_indicators[0]: self.best_ckpt_path}
        return dict(self.best_ckpt_path_dict)

    def _set_best_path(self, name: str, path: str | None) -> None:
        if len(self.key_indicators) == 1:
            self.best_ckpt_path = path
        else:
            self.best_ckpt_path_dict[name] = path

    def _forget_best_paths(self) -> None:
        for name in self._best_paths():
            self._set_best_path(name, None)


def _accumulative_counts(runner: Runner) -> list[int]:
    wrapper = runner.optim_wrapper
    wrappers = wrapper.values() if isinstance(wrapper, OptimWrapperDict) else [wrapper]
    return [single._accumulative_counts for single in wrappers if single._accumulative_counts > 1]


def point_to(target: Path, link: Path) -> None:
    """Make ``link`` a relative symbolic link to ``target``, replacing an older one in a single step.

    Args:
        target (Path): Existing file in the same folder.
        link (Path): Name of the link.
    """
    fresh = link.with_name(f'.{link.name}.{os.getpid()}')
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target.name)
    os.replace(fresh, link)
