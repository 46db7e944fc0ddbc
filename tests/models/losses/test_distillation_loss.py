import math

import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.losses import DistillationLoss


def divergence(teacher, student):
    return sum(p * math.log(p / q) for p, q in zip(teacher, student, strict=True))


STUDENT = torch.tensor([[0.0, 0.0], [math.log(3), 0.0]])
TEACHER = torch.tensor([[0.0, math.log(3)], [0.0, 0.0]])
ROWS = [divergence((0.25, 0.75), (0.5, 0.5)), divergence((0.5, 0.5), (0.75, 0.25))]


def test_value_by_hand():
    assert DistillationLoss(alpha=0.1)(STUDENT, TEACHER).item() == pytest.approx(0.1 * sum(ROWS) / 2, rel=1e-6)


def test_temperature_flattens_and_counts_squared():
    found = DistillationLoss(alpha=1.0, temperature=2.0)(2 * STUDENT, 2 * TEACHER)
    assert found.item() == pytest.approx(4 * sum(ROWS) / 2, rel=1e-6)


@pytest.mark.parametrize(('weighting', 'shares'), [('ego', (0.75, 0.5)), ('nonego', (0.25, 0.5))])
def test_clips_are_weighted_by_how_egocentric_they_are(weighting, shares):
    loss = DistillationLoss(alpha=1.0, weighting=weighting)
    assert loss.weight_field == 'gt_ego_logits'
    weighted = sum(share * row for share, row in zip(shares, ROWS, strict=True)) / sum(shares)
    assert loss(STUDENT, TEACHER, TEACHER).item() == pytest.approx(weighted, rel=1e-6)


def test_half_precision_ends_here():
    found = DistillationLoss()(STUDENT.bfloat16(), TEACHER)
    assert found.dtype == torch.float32 and found.item() == pytest.approx(0.5 * sum(ROWS) / 2, rel=0.01)


@pytest.mark.parametrize(('options', 'text'), [(dict(alpha=0), 'alpha=0'), (dict(temperature=-1), 'temperature=-1'),
                                               (dict(weighting='exo'), "weighting='exo'")])
def test_wrong_settings_are_named(options, text):
    with pytest.raises(ConfigError, match=f'DistillationLoss: expected a positive alpha.*{text}'):
        DistillationLoss(**options)
