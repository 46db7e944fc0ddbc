"""Stops a run whose loss or weights are not finite and says where it happened."""

import math

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from egoexo.errors import TrainingError
from egoexo.registry import HOOKS

__all__ = ['NaNGuardHook']


@HOOKS.register_module()
class NaNGuardHook(Hook):
    """Raise when a loss becomes NaN, infinite or too large, naming the loss, the iteration and its samples.

    A checkpoint with such weights is never written, so the newest file on disk is good to resume from.

    Args:
        interval (int, optional): Iterations between two looks at the losses. On a GPU each look waits for the device,
            so the losses of ``interval`` iterations are kept and read together; the right iteration is still named.
            None means 1 on CPU and 10 on a GPU.
        max_loss (float, optional): A larger loss stops the run too, e.g. 1e5 as in the official code of LaGTran; None
            (default) sets no limit.
    """

    priority = 'HIGH'

    def __init__(self, interval: int | None = None, max_loss: float | None = None) -> None:
        if interval is not None and interval < 1:
            raise ValueError(f'NaNGuardHook: interval={interval} must be at least 1 or None.')
        if max_loss is not None and not max_loss > 0:
            raise ValueError(f'NaNGuardHook: max_loss={max_loss} must be above 0 or None.')
        self.interval = interval
        self.max_loss = math.inf if max_loss is None else max_loss
        self._pending: list[tuple[int, dict, list[str]]] = []

    def before_train(self, runner: Runner) -> None:
        """Forget an earlier run and settle the interval.

        Args:
            runner (Runner): The runner of the training process.
        """
        self._pending.clear()
        if self.interval is None:
            self.interval = 10 if torch.cuda.is_available() else 1

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None,
                         outputs: dict | None = None) -> None:
        """Note the losses of this iteration and look at them when it is time.

        Args:
            runner (Runner): The runner of the training process.
            batch_idx (int): Unused.
            data_batch (dict, optional): Collated batch; ``data_samples`` name the samples.
            outputs (dict, optional): Losses by name.

        Raises:
            TrainingError: If a loss is not finite, or above ``max_loss``.
        """
        losses = {name: value.detach() if isinstance(value, torch.Tensor) else value
                  for name, value in (outputs or {}).items() if 'loss' in name}
        self._pending.append((runner.iter, losses, _sample_ids(data_batch)))
        if len(self._pending) >= self.interval:
            self._check(runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Let no checkpoint through that holds weights which are not finite.

        Args:
            runner (Runner): The runner of the training process.
            checkpoint (dict): About to be written; ``state_dict`` is read.

        Raises:
            TrainingError: If a pending loss or a weight is not finite.
        """
        self._check(runner)
        for name, tensor in checkpoint['state_dict'].items():
            if tensor.is_floating_point() and not torch.isfinite(tensor).all():
                bad = int((~torch.isfinite(tensor)).sum())
                raise TrainingError(
                    f'{bad} of {tensor.numel()} values of {name} are not finite after iteration {runner.iter + 1}; '
                    f'nothing was written. {_advice(runner)}')

    def _check(self, runner: Runner) -> None:
        pending, self._pending = self._pending, []
        for iteration, losses, sample_ids in pending:
            values = {name: float(value) for name, value in losses.items()}
            broken = [name for name, value in values.items() if not math.isfinite(value) or value > self.max_loss]
            if broken:
                named = [name for name in broken if name != 'loss'] or broken
                shown = ', '.join(f'{name} is {values[name]}' for name in named)
                if all(math.isfinite(values[name]) for name in named):
                    shown += f', above max_loss={self.max_loss:g},'
                raise TrainingError(
                    f'{shown} at iteration {iteration + 1}, on rank {runner.rank}. '
                    f'Samples of the batch: {", ".join(sample_ids) or "unknown"}. {_advice(runner)}')


def _sample_ids(data_batch: object) -> list[str]:
    """Official ids of the samples of a collated batch, as far as they carry one."""
    samples = data_batch.get('data_samples', []) if isinstance(data_batch, dict) else []
    return [str(sample.get('sample_id')) for sample in samples if sample.get('sample_id') is not None]


def _advice(runner: Runner) -> str:
    return (f'Look at these inputs (tools/analysis/browse_dataset.py), lower the learning rate or set '
            f'optim_wrapper.clip_grad; the run can go on from its newest checkpoint in {runner.work_dir}.')
