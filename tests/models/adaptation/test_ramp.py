import math

import pytest

from egoexo.models.adaptation import adaptive_weight


@pytest.mark.parametrize(('weight', 'iteration', 'expected'), [
    (0.5, 7, 0.5),
    (0.0, 7, 0.0),
    (-1.0, 0, 0.0),
    (-1.0, 50, math.tanh(2.5)),  # training length 100
    (-2.0, 50, math.tanh(12.5)),  # length 20 of the config
])
def test_constant_or_ramp(weight, iteration, expected):
    assert adaptive_weight(weight, iteration, 100, 20) == pytest.approx(expected, abs=1e-12)
