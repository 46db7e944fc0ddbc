"""Refuses to resume from a checkpoint of another run."""

import logging

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop, Runner

from egoexo.checkpoints.differences import list_differences, state_dict_differences
from egoexo.errors import CheckpointError
from egoexo.registry import HOOKS

__all__ = ['ResumeGuardHook']

ADVICE = 'Resume with the config and data it was trained with, or start anew with load_from and another --work-dir.'


@HOOKS.register_module()
class ResumeGuardHook(Hook):
    """Compare a checkpoint with the run that is resumed from it.

    MMEngine loads the keys that fit and trains on; with another number of batches in an epoch it leaves out or repeats
    data. This hook notes the shape of the run in every checkpoint (``meta.training``) and raises instead. A change of
    batch size or ranks between two epochs is allowed, with a warning.
    """

    priority = 'VERY_HIGH'

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Note the shape of the run.

        Args:
            runner (Runner): The runner of the training process.
            checkpoint (dict): About to be written; ``meta`` is extended.
        """
        checkpoint['meta']['training'] = _shape(runner)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Check a checkpoint that is resumed from; others pass.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): Loaded; ``meta.iter`` is adapted when the length of an epoch has changed.

        Raises:
            CheckpointError: If model, loop or the position inside an epoch do not fit.
        """
        if not runner._resume:
            return
        _check_weights(runner, checkpoint['state_dict'])
        before, now = checkpoint['meta'].get('training'), _shape(runner)
        if before is None or before == now:
            return
        if before['loop'] != now['loop']:
            raise CheckpointError(f'The checkpoint was trained by {before["loop"]}, the config says {now["loop"]}. '
                                  f'{ADVICE}')
        changed = ', '.join(f'{name} {before[name]} -> {now[name]}' for name in now if before.get(name) != now[name])
        if isinstance(runner.train_loop, EpochBasedTrainLoop):
            self._move(checkpoint['meta'], before, now, changed)
        runner.logger.log(logging.WARNING, f'Resumed with other settings: {changed}. The digits are not those of an '
                                           'uninterrupted run.')

    def _move(self, meta: dict, before: dict, now: dict, changed: str) -> None:
        """Count the iterations of the finished epochs anew."""
        if meta['iter'] != meta['epoch'] * before['batches_per_epoch']:
            raise CheckpointError(f'The checkpoint was saved inside epoch {meta["epoch"] + 1} and the run has changed '
                                  f'since: {changed}. The place in the data cannot be found again. {ADVICE}')
        meta['iter'] = meta['epoch'] * now['batches_per_epoch']


def _shape(runner: Runner) -> dict:
    loader = runner.train_dataloader
    return {'loop': type(runner.train_loop).__name__, 'batches_per_epoch': len(loader),
            'batch_size': loader.batch_sampler.batch_size, 'ranks': runner.world_size}


def _check_weights(runner: Runner, found: dict) -> None:
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    differences = state_dict_differences(model.state_dict(), found)
    if differences:
        raise CheckpointError(f'The checkpoint to resume from is of another model:\n{list_differences(differences)}\n'
                              f'{ADVICE}')
