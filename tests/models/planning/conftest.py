"""Samples of videos whose steps are written out."""

from collections.abc import Callable, Sequence

import pytest
import torch

from egoexo.structures import EgoExoDataSample


def rows_of(steps: Sequence[int], uid: str = 'a', horizon: int = 3, subset: str = 'ego_train') -> list:
    """What a planning list holds of one video: a row per step with ``horizon`` steps after it."""
    rows = []
    for done in range(len(steps) - horizon + 1):
        sample = EgoExoDataSample(metainfo=dict(sample_id=f'{uid}|{done}', uid=uid, subset=subset))
        sample.gt_past_steps = torch.tensor(steps[:done], dtype=torch.int64)
        sample.gt_future_steps = torch.tensor(steps[done:done + horizon], dtype=torch.int64)
        rows.append(sample)
    return rows


@pytest.fixture
def rows() -> Callable[..., list]:
    return rows_of
