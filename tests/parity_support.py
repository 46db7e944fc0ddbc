"""Weights of the official models in the fixtures: no file holds them, a rule makes them."""

import math
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence

import numpy as np
import torch

__all__ = ['fill_state', 'fill_tensor']


def fill_tensor(key: str, shape: Sequence[int], dtype: str, seed_str: str) -> torch.Tensor:
    """Values of one entry: drawn from the CRC of seed and key, scaled as its kind asks for."""
    if dtype == 'int64':
        return torch.zeros(shape, dtype=torch.int64)
    rng = np.random.default_rng(zlib.crc32(f'{seed_str}:{key}'.encode()))
    if key.endswith('running_var'):
        values = 0.5 + rng.random(shape)
    else:
        values = rng.standard_normal(shape)
        if len(shape) >= 2:
            values = values / math.sqrt(math.prod(shape[1:]))
        else:
            values = 1 + 0.1 * values if key.endswith('weight') else 0.1 * values
    return torch.from_numpy(np.asarray(values, dtype=np.float32))


def fill_state(keys: Iterable[tuple[str, Sequence[int], str]], seed_str: str) -> 'OrderedDict[str, torch.Tensor]':
    """Official state dict; ``keys`` are (key, shape, dtype)."""
    return OrderedDict((key, fill_tensor(key, shape, dtype, seed_str)) for key, shape, dtype in keys)
