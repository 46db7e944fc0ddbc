import random

import numpy as np
import pytest
import torch
from toy_run import toy_config, toy_train

from egoexo.engine.hooks.counter_seed_hook import seed_iteration


def draws():
    return torch.rand(2).tolist(), np.random.rand(2).tolist(), [random.random(), random.random()]  # noqa: NPY002


def test_same_key_same_draws_in_all_three_streams():
    seed_iteration(3, 0, 17)
    first = draws()
    draws()
    seed_iteration(3, 0, 17)
    assert draws() == first


@pytest.mark.parametrize('key', [(4, 0, 17), (3, 1, 17), (3, 0, 18)])
def test_seed_rank_and_iteration_each_matter(key):
    seed_iteration(3, 0, 17)
    first = draws()
    seed_iteration(*key)
    assert all(one != other for one, other in zip(first, draws(), strict=True))


def test_sampler_gets_the_seed_of_the_checkpoint(tmp_path):
    cfg = toy_config(tmp_path, length=2)
    toy_train(cfg, kill_at=5)
    cfg.randomness = dict(seed=99)
    runner = toy_train(cfg, resume=True)
    assert runner.seed == 7 and runner.train_dataloader.sampler.seed == 7
