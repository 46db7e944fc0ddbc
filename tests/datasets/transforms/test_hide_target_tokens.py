import numpy as np
import pytest
import torch

from egoexo.datasets.transforms.hide_target_tokens import HideTargetTokens, num_tokens
from egoexo.errors import ConfigError

MASK = np.zeros((64, 64), np.uint8)
MASK[16:40, 32:64] = 1


def hidden(transform: HideTargetTokens, mask: np.ndarray = MASK, **more: object) -> np.ndarray:
    return transform(dict(target_mask=mask, **more))['hidden_tokens']


def test_hides_what_surrounds_the_object() -> None:
    tokens = hidden(HideTargetTokens(prob=1))
    assert tokens.dtype == bool
    # The nearest pixel of each token of 16 is its first one.
    assert (~tokens).astype(int).tolist() == [[0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]]
    assert hidden(HideTargetTokens(prob=1, stride=32)).tolist() == [[True, True], [True, False]]


def test_draws_one_number_as_published() -> None:
    torch.manual_seed(3)
    numbers = torch.rand(40).tolist()
    torch.manual_seed(3)
    transform, empty = HideTargetTokens(), np.zeros_like(MASK)
    for place, number in enumerate(numbers):
        # Of a negative pair nothing is hidden, but a number is drawn.
        mask = empty if place % 4 == 3 else MASK
        assert hidden(transform, mask).any() == (number > 0.5 and mask.any())
    assert torch.rand(1).item() not in numbers


def test_an_object_that_vanishes_in_the_small_mask_hides_nothing() -> None:
    tiny = np.zeros_like(MASK)
    tiny[17, 17] = 1
    assert not hidden(HideTargetTokens(prob=1), tiny).any()


def test_never_in_testing_or_when_switched_off() -> None:
    torch.manual_seed(0)
    state = torch.get_rng_state()
    assert not hidden(HideTargetTokens(prob=1), test_mode=True).any()
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(hidden(HideTargetTokens(prob=0)).any() for _ in range(50))


def test_wrong_arguments() -> None:
    with pytest.raises(ConfigError, match='HideTargetTokens, prob: expected a number from 0 to 1, found 2'):
        HideTargetTokens(prob=2)
    with pytest.raises(ConfigError, match='HideTargetTokens, stride: expected a divisor of 64, the side of the '
                                          'picture, found 24'):
        hidden(HideTargetTokens(stride=24))
    with pytest.raises(ConfigError, match='PackPair, stride'):
        num_tokens(64, 0, 'PackPair')
    assert num_tokens(480, 16, 'PackPair') == 30
