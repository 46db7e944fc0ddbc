"""Seeds derived from the iteration number, so that no random state has to be stored."""

import random

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from egoexo.registry import HOOKS

__all__ = ['CounterSeedHook', 'seed_iteration']


def seed_iteration(seed: int, rank: int, iteration: int) -> None:
    """Seed torch (CPU and current GPU), numpy and ``random`` for one training iteration.

    About 15 µs; ``torch.manual_seed`` alone would take 90, most of it for devices that are not there.

    Args:
        seed (int): Seed of the run, >= 0.
        rank (int): Rank of the process; ranks draw different dropout masks.
        iteration (int): Iterations finished so far.
    """
    words = np.random.SeedSequence((seed, 0, rank, iteration)).generate_state(4)
    torch_seed = int(words[0]) << 32 | int(words[1])
    torch.default_generator.manual_seed(torch_seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed(torch_seed)
    np.random.seed(int(words[2]))  # noqa: NPY002  the global stream is what third-party code draws from
    random.seed(int(words[3]))


@HOOKS.register_module()
class CounterSeedHook(Hook):
    """Seed every training iteration from (seed, rank, iteration).

    A run that was killed and resumed then draws what the uninterrupted run draws, whatever validation, logging or a
    second save has drawn in between. Data noise is seeded apart from this, per sample, by the samplers of
    :mod:`egoexo.datasets.samplers`.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Hand the seed of a resumed checkpoint to the sampler, which was built before it was read.

        Args:
            runner (Runner): The runner of the training process.
        """
        sampler = getattr(runner.train_dataloader.batch_sampler, 'sampler', None)
        if hasattr(sampler, 'seed') and not runner._randomness_cfg.get('diff_rank_seed', False):
            sampler.seed = runner.seed

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None) -> None:
        """Seed the iteration.

        Args:
            runner (Runner): The runner of the training process.
            batch_idx (int): Unused; the position in the epoch.
            data_batch (dict, optional): Unused.
        """
        seed_iteration(runner.seed, runner.rank, runner.iter)
