"""BatchNorm statistics of many batches with the weights of the end of an epoch."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import numpy as np
import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from egoexo.engine.loops.position import sampler_of
from egoexo.errors import ConfigError, explain
from egoexo.registry import HOOKS

__all__ = ['PreciseBNHook', 'PreciseStatistics']


class PreciseStatistics:
    """Mean and variance over batches of what goes into BatchNorm layers.

    Args:
        norms (Sequence[nn.Module]): BatchNorm layers in training mode whose buffers hold one batch at a time.
        rule (str): See :class:`PreciseBNHook`.
    """

    def __init__(self, norms: Sequence[nn.Module], rule: str) -> None:
        self.norms, self.rule = norms, rule
        self.counts = [0] * len(norms)
        #: Per layer the sum of weights, and the weighted sums of means and of second numbers, float64.
        self.sums = [torch.zeros(1 + 2 * norm.num_features, dtype=torch.float64, device=norm.running_mean.device)
                     for norm in norms]

    def add(self) -> None:
        """Add the batch that the buffers hold; layers that it did not pass are left out."""
        for norm, count, total in zip(self.norms, self.counts, self.sums, strict=True):
            if not count:
                continue
            mean, var = norm.running_mean.double(), norm.running_var.double()
            if self.rule == 'released':
                weight, second = 1, var
            else:
                weight, second = count, var * ((count - 1) / count) + mean.square()
            total[0] += weight
            total[1:] += weight * torch.cat((mean, second))
        self.counts = [0] * len(self.norms)

    def write(self) -> None:
        """Put the result into the buffers, the same one on all ranks."""
        everything = torch.cat(self.sums)
        all_reduce(everything)
        for norm, total in zip(self.norms, everything.split([len(total) for total in self.sums]), strict=True):
            if not total[0]:
                continue  # of a part that only losses use
            mean, second = (total[1:] / total[0]).chunk(2)
            var = second if self.rule == 'released' else (second - mean.square()).clamp(min=0)
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(var)

    @contextmanager
    def one_batch_at_a_time(self) -> Iterator[None]:
        """Let the buffers hold the last batch alone, and count the numbers per channel in it."""
        momenta = [norm.momentum for norm in self.norms]
        tracked = [norm.num_batches_tracked.clone() for norm in self.norms]
        handles = [norm.register_forward_pre_hook(self._counter(row)) for row, norm in enumerate(self.norms)]
        try:
            for norm in self.norms:
                norm.momentum = 1.0
            yield
        finally:
            for norm, momentum, number, handle in zip(self.norms, momenta, tracked, handles, strict=True):
                norm.momentum = momentum
                norm.num_batches_tracked.copy_(number)
                handle.remove()

    def _counter(self, row: int) -> object:
        def count(norm: nn.Module, inputs: tuple[Tensor]) -> None:
            self.counts[row] = inputs[0].numel() // norm.num_features

        return count


@HOOKS.register_module()
class PreciseBNHook(Hook):
    """After each training epoch, replace the moving averages of BatchNorm by statistics of many batches.

    Moving averages lag behind the weights. This runs the first training batches of the epoch once more, without
    gradients, with the weights that are about to be validated and saved: it comes before the checkpoint hook. All ranks
    end with the same statistics, those of the batches of all of them. Random numbers of the training are not touched,
    and the batches depend on seed and epoch alone, so a resumed run gets the same ones. Source: "precise BN", Wu and
    Johnson, "Rethinking 'Batch' in BatchNorm", 2021, as used by PySlowFast on EPIC-Kitchens.

    Args:
        num_batches (int): Batches of each rank, at most; an epoch may have fewer. Defaults to 200.
        rule (str): ``'released'``: plain averages of the means and of the unbiased variances of the batches, fvcore of
            2020; ``'fvcore'``: mean and variance of all numbers together, biased, fvcore since 0.1.5.

    Raises:
        ConfigError: If an argument is none of these.

    Examples:
        ``custom_hooks = [dict(type='PreciseBNHook')]``
    """

    priority = 'LOW'  # behind SyncNormBuffersHook, in front of SafeCheckpointHook

    def __init__(self, num_batches: int = 200, rule: str = 'released') -> None:
        if num_batches < 1 or rule not in ('released', 'fvcore'):
            raise ConfigError(explain('custom_hooks PreciseBNHook', "num_batches of at least 1, rule='released' or "
                                      "'fvcore'", f'{num_batches=}, {rule=}', 'Correct them.'))
        self.num_batches, self.rule = num_batches, rule

    def before_train(self, runner: Runner) -> None:
        """Refuse a training without epochs.

        Args:
            runner (Runner): The runner of the training process.

        Raises:
            ConfigError: If the loop counts iterations.
        """
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise ConfigError(explain('custom_hooks PreciseBNHook', 'a training by epochs, such as SeededEpochLoop',
                                      type(runner.train_loop).__name__, 'Remove the hook or change train_cfg.'))

    def after_train_epoch(self, runner: Runner) -> None:
        """Compute the statistics.

        Args:
            runner (Runner): The runner of the training process.
        """
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        norms = [module for module in model.modules()
                 if isinstance(module, _BatchNorm) and module.training and module.track_running_stats]
        if not norms:
            return
        loader = runner.train_dataloader
        num_batches = min(self.num_batches, len(loader))
        sampler = sampler_of(loader)
        if hasattr(sampler, 'set_epoch'):
            sampler.set_epoch(runner.epoch)  # from the first batch, also where the epoch was resumed in its middle
        statistics = PreciseStatistics(norms, self.rule)
        with kept_random_state(), torch.no_grad(), statistics.one_batch_at_a_time():
            for batch in islice(loader, num_batches):
                model(**model.data_preprocessor(batch, training=True), mode='tensor')
                statistics.add()
        statistics.write()
        runner.logger.info(f'BatchNorm statistics of {len(norms)} layers from {num_batches} batches.')


@contextmanager
def kept_random_state() -> Iterator[None]:
    """Restore the states of torch (CPU and current GPU), numpy and ``random`` afterwards."""
    devices = [torch.cuda.current_device()] if torch.cuda.is_initialized() else []
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002  the stream third-party code draws from
    try:
        with torch.random.fork_rng(devices):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002
