"""Checkpoints that survive a kill at any moment and can be resumed exactly."""

import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner

from egoexo.engine.atomic_backend import PART, remove_stale_parts, write_atomically
from egoexo.engine.failures import explained_failures
from egoexo.errors import ConfigError
from egoexo.registry import HOOKS

__all__ = ['SafeCheckpointHook', 'accumulative_counts', 'point_to']


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's checkpoint hook with these holes closed.

    - Files, ``last_checkpoint`` included, are written by the ``atomic_local`` backend: a kill leaves the old file or
      the new one, never half of one. What a killed run left over is removed when it goes on.
    - An old checkpoint, the former best included, is removed after the new one is on disk, not before.
    - ``best.pth`` in the work directory always points to the best checkpoint, so scripts need not know its epoch.
    - A validation that a kill has cut off is noted as missing, so that the loops run it on resume.
    - An interval that would lose half-accumulated gradients is refused before training starts.
    - Methods, which some schedulers keep among their numbers (``OneCycleLR``), stay out of the file: data alone can be
      read safely, and a resumed scheduler has its own.
    - A full disk ends the run with a message that names the intact checkpoint.

    Args:
        max_keep_ckpts (int): Checkpoints kept, at least 2 (or -1 for all), so that one damaged file does not end a
            run. Defaults to 2.
        backend_args (dict, optional): Defaults to ``dict(backend='atomic_local')``.
        **kwargs: See :class:`mmengine.hooks.CheckpointHook`.
    """

    def __init__(self, *args: object, max_keep_ckpts: int = 2, backend_args: dict | None = None,
                 **kwargs: object) -> None:
        if max_keep_ckpts in (0, 1):
            raise ConfigError(f'default_hooks.checkpoint.max_keep_ckpts={max_keep_ckpts}: expected -1 (all) or at '
                              'least 2, so that a damaged newest file leaves one to resume from.')
        super().__init__(*args, max_keep_ckpts=max_keep_ckpts,
                         backend_args=backend_args or {'backend': 'atomic_local'}, **kwargs)
        self.saved_iteration: int | None = None

    def before_train(self, runner: Runner) -> None:
        """Refuse intervals that cannot be resumed exactly, prepare as MMEngine does, tidy up after a killed run.

        Args:
            runner (Runner): The runner of the training process.

        Raises:
            ConfigError: If a checkpoint would fall between two steps of an accumulating optimizer.
            TrainingError: If the work directory cannot be written.
        """
        for counts in accumulative_counts(runner):
            self._check_interval(runner, counts)
        with explained_failures(runner.work_dir):
            super().before_train(runner)
            if self.max_keep_ckpts > 0:
                self.keep_ckpt_ids = deque(self.keep_ckpt_ids)  # unbounded: surplus ones are dropped after a save
            if runner.iter:
                # Known to be on disk: this run was resumed from it.
                self.saved_iteration, self.last_ckpt = runner.iter, runner.message_hub.get_info('last_ckpt')
            self._follow_moved_folder()
            if is_main_process():
                self._tidy(runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Leave methods out of the states of schedulers.

        Args:
            runner (Runner): The runner of the training process.
            checkpoint (dict): Content of the file, changed in place.
        """
        states = checkpoint.get('param_schedulers')
        if states:
            checkpoint['param_schedulers'] = (
                {name: _without_methods(part) for name, part in states.items()} if isinstance(states, dict) else
                _without_methods(states))

    def save_now(self, runner: Runner, iteration: int) -> str:
        """Save a checkpoint outside the interval, unless this position is on disk already.

        It is called ``iter_<n>.pth`` and removed after the next regular one.

        Args:
            runner (Runner): The runner of the training process; all ranks call this.
            iteration (int): Iterations finished, at a boundary of accumulation.

        Returns:
            str: Path of the checkpoint.
        """
        if self.saved_iteration != iteration:
            name = f'iter_{iteration}.pth'
            runner.message_hub.update_info('interim_ckpt', name)
            self._save(runner, name, {'epoch': runner.epoch, 'iter': iteration})
        return str(self.last_ckpt)

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

    def _tidy(self, runner: Runner) -> None:
        """Finish what a killed run had begun: its temporary files, its link and the files it was about to remove."""
        for folder in {Path(self.out_dir), Path(runner.work_dir)}:
            remove_stale_parts(folder)
        if not self.save_best:
            return
        current = [Path(path) for path in self._best_paths().values() if path]
        for name in runner.message_hub.get_info('superseded_best', []):
            if name not in [path.name for path in current]:
                (Path(self.out_dir) / name).unlink(missing_ok=True)
        link = Path(self.out_dir) / 'best.pth'
        if current and current[0].is_file():
            point_to(current[0], link)
        elif link.is_symlink() and not link.exists():
            link.unlink()

    def _follow_moved_folder(self) -> None:
        """Look for the best checkpoint here when the work directory was moved after it was written."""
        if not self.save_best:
            return
        for name, path in self._best_paths().items():
            here = Path(self.out_dir) / Path(path).name if path else None
            if here is not None and here.is_file():
                self._set_best_path(name, str(here))

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        """Save first, point ``last_checkpoint`` to it second, remove surplus files third."""
        surplus = []
        if self.max_keep_ckpts > 0:
            if not self.keep_ckpt_ids or self.keep_ckpt_ids[-1] != step:
                self.keep_ckpt_ids.append(step)
            # The file that is written still knows the surplus ones, so a resumed run removes them after a kill.
            runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
            surplus = [self.keep_ckpt_ids.popleft()
                       for _ in range(len(self.keep_ckpt_ids) - self.max_keep_ckpts)]
        name = self.filename_tmpl.format(step)
        self._save(runner, name, meta)
        if self.max_keep_ckpts > 0:
            runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
        old = {self.filename_tmpl.format(number) for number in surplus}
        old.add(runner.message_hub.pop_info('interim_ckpt', None) or name)
        if is_main_process():
            for path in (self.file_backend.join_path(self.out_dir, other) for other in sorted(old - {name})):
                if self.file_backend.isfile(path):
                    self.file_backend.remove(path)

    def _save(self, runner: Runner, name: str, meta: dict) -> None:
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        with explained_failures(runner.work_dir):
            runner.save_checkpoint(
                self.out_dir, name, self.file_client_args, save_optimizer=self.save_optimizer,
                save_param_scheduler=self.save_param_scheduler, meta=meta, by_epoch=self.by_epoch,
                backend_args=self.backend_args, **self.args)
            if is_main_process():
                write_atomically(self.last_ckpt.encode(), Path(runner.work_dir) / 'last_checkpoint')
        self.saved_iteration = meta['iter']

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        """Save a new best checkpoint first, point ``best.pth`` to it second, remove the former one third."""
        runner.message_hub.update_info('last_validated_iter', runner.iter)
        if not self.save_best:
            return
        former = self._best_paths()
        runner.message_hub.update_info('superseded_best', [Path(path).name for path in former.values() if path])
        self._forget_best_paths()
        with explained_failures(runner.work_dir):
            super()._save_best_checkpoint(runner, metrics)
            if is_main_process():
                newest = next(iter(self._best_paths().values()), None)
                if newest:
                    point_to(Path(newest), Path(newest).parent / 'best.pth')
            for name, path in self._best_paths().items():
                if path is None:
                    self._set_best_path(name, former.get(name))
                elif former.get(name) and former[name] != path and is_main_process():
                    Path(former[name]).unlink(missing_ok=True)

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


def _without_methods(states: Sequence[dict]) -> list[dict]:
    return [{key: value for key, value in state.items() if not callable(value)} for state in states]


def accumulative_counts(runner: Runner) -> list[int]:
    """Steps per update of every optimizer that accumulates gradients.

    Args:
        runner (Runner): The runner of the training process.

    Returns:
        list[int]: Counts greater than 1; empty without accumulation.
    """
    wrapper = runner.optim_wrapper
    wrappers = wrapper.values() if isinstance(wrapper, OptimWrapperDict) else [wrapper]
    return [single._accumulative_counts for single in wrappers if single._accumulative_counts > 1]


def point_to(target: Path, link: Path) -> None:
    """Make ``link`` a relative symbolic link to ``target``, replacing an older one in a single step.

    Args:
        target (Path): Existing file in the same folder.
        link (Path): Name of the link.
    """
    fresh = link.with_name(f'.{link.name}.{os.getpid()}{PART}')
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target.name)
    os.replace(fresh, link)
