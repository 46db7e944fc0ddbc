import math

import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.losses import InteractionMapLoss

MAPS = torch.zeros(1, 2, 1, 2, 2)
MAPS[0, 1] = math.log(3)
TARGETS = torch.zeros(1, 2, 1, 2, 2)
TARGETS[0, :, 0, 0] = torch.tensor([1.0, 0.5])


def test_value_by_hand():
    losses = InteractionMapLoss(hand_weight=2.0, object_weight=3.0)(MAPS, TARGETS)
    on, off = -math.log(0.75), -math.log(0.25)
    assert losses['loss_hand'].item() == pytest.approx(2 * math.log(2), rel=1e-6)
    assert losses['loss_object'].item() == pytest.approx(3 * (on + (on + off) / 2 + 2 * off) / 4, rel=1e-6)


def test_weight_of_positions_in_boxes():
    found = InteractionMapLoss(1.0, 1.0, positive_weight=4.0)(MAPS, TARGETS)['loss_hand'].item()
    assert found == pytest.approx(math.log(2) * (4 + 2 + 0.5 + 2) / 4, rel=1e-6)


def test_half_precision_ends_here():
    losses = InteractionMapLoss()(MAPS.bfloat16(), TARGETS)
    assert {value.dtype for value in losses.values()} == {torch.float32}


def test_negative_weights_are_refused():
    with pytest.raises(ConfigError, match='InteractionMapLoss: expected weights of at least 0, found hand_weight=-1'):
        InteractionMapLoss(hand_weight=-1)
