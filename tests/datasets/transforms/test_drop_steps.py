import numpy as np
import pytest

from egoexo.datasets.transforms.drop_steps import DropSteps
from egoexo.errors import ConfigError


def drop(num_steps: int, **ratios: float) -> dict:
    return DropSteps(**ratios).transform(dict(feats=np.arange(num_steps, dtype=np.float32)[:, None],
                                              gt_step_labels=np.arange(num_steps)))


def test_no_ratio_changes_nothing() -> None:
    out = drop(7)
    assert out['feats'][:, 0].tolist() == out['gt_step_labels'].tolist() == list(range(7))


def test_dropped_steps_are_equally_spaced() -> None:
    out = drop(9, keep_ratio=0.5)  # int(4.5) = 4 of 9, at floor(linspace(0, 8, 4))
    assert out['feats'][:, 0].tolist() == out['gt_step_labels'].tolist() == [1, 3, 4, 6, 7]


def test_dropped_labels_keep_their_step() -> None:
    out = drop(9, keep_label_ratio=0.5)
    assert out['feats'][:, 0].tolist() == list(range(9))
    assert out['gt_step_labels'].tolist() == [-100, 1, -100, 3, 4, -100, 6, 7, -100]


@pytest.mark.parametrize('ratio', [0, -0.5, 1.5])
def test_impossible_ratio(ratio: float) -> None:
    with pytest.raises(ConfigError, match='keep_ratio: expected a number above 0 and at most 1, found'):
        DropSteps(keep_ratio=ratio)
