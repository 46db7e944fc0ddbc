"""StepHistoryPlanner: what all planners from the step history share."""

import pytest
import torch

from egoexo.errors import ConfigError, DataError
from egoexo.models.planning import MarkovPlanner, StepHistoryPlanner
from egoexo.registry import MODELS


class Constant(StepHistoryPlanner):
    """Expects class 0 everywhere."""

    def log_probabilities(self, past):
        return torch.tensor([0.0, -float('inf'), -1.0]).expand(len(past), self.horizon, 3)

    def loss(self, past, future):
        return dict(loss=future.float().mean())


def test_modes(rows):
    model, samples = Constant(num_classes=3, horizon=3), rows([0, 1, 2, 2, 1])
    assert model(data_samples=samples).shape == (3, 3, 3)
    assert model(data_samples=samples, mode='loss')['loss'] == pytest.approx((0 + 1 + 2 + 1 + 2 + 2 + 2 + 2 + 1) / 9)
    planned = model(data_samples=samples, mode='predict')
    assert planned[0] is samples[0]
    assert planned[0].pred_future_logits.exp()[:, 0].tolist() == pytest.approx([1 / (1 + torch.e**-1)] * 3)
    assert torch.isfinite(planned[0].pred_future_logits).all()
    with pytest.raises(ValueError, match="mode must be 'tensor', 'loss' or 'predict', got 'train'"):
        model(data_samples=samples, mode='train')


def test_batch_of_the_loader_goes_through(rows):
    batch = dict(inputs=torch.zeros(3, 0, 5), data_samples=rows([0, 1, 2, 2, 1]))
    planned = Constant(num_classes=3, horizon=3).test_step(batch)
    assert [tuple(sample.pred_future_logits.shape) for sample in planned] == [(3, 3)] * 3


def test_missing_past_is_explained(rows):
    sample = rows([0, 1, 2])[0]
    del sample.gt_past_steps
    with pytest.raises(DataError, match=r'sample a\|0: expected gt_past_steps.*found none.*with_history=True'):
        Constant(3, 3)(data_samples=[sample], mode='predict')


def test_unknown_class_is_named(rows):
    with pytest.raises(DataError, match=r'sample a\|1, gt_past_steps: expected class ids from 0 to 2, found 7'):
        Constant(3, 3)(data_samples=rows([7, 1, 2, 0])[1:], mode='predict')
    with pytest.raises(DataError, match=r'sample a\|0, gt_future_steps: expected class ids from -1 to 2, found 5'):
        Constant(3, 3)(data_samples=rows([1, 2, 5]), mode='loss')


def test_other_horizon_is_named(rows):
    with pytest.raises(DataError, match=r'sample a\|0: expected 4 coming steps, found 3. Set model.horizon'):
        Constant(3, 4)(data_samples=rows([1, 2, 0]), mode='loss')


@pytest.mark.parametrize(('options', 'text'), [
    (dict(num_classes=1), 'MarkovPlanner, num_classes: expected at least 2, found 1'),
    (dict(horizon=0), 'MarkovPlanner, horizon: expected at least 1, found 0'),
    (dict(temperature=0.0), 'MarkovPlanner, temperature: expected above 0, found 0.0'),
])
def test_wrong_numbers_are_named(options, text):
    with pytest.raises(ConfigError, match=text):
        MODELS.build(dict(type='MarkovPlanner', **options))


def test_empty_past_is_a_past_like_any_other():
    model = MarkovPlanner(num_classes=3, horizon=2, order=2, discount=0.0)
    model.count([[2, 1, 0], [2, 0, 1]])
    assert model.log_probabilities([torch.tensor([], dtype=torch.int64)]).exp()[0].tolist() == [
        [0, 0, 1], [0.5, 0.5, 0]]
