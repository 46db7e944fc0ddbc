"""Each objective by hand on small levels."""

import math
import re

import pytest
import torch
from torch.nn import functional as F

from egoexo.errors import ConfigError
from egoexo.models.adaptation import Centroids, DomainBatch, DomainLevel, SigmoidRamp, TrainProgress
from egoexo.registry import MODELS

START = TrainProgress()


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def level(**entries):
    """Three source and two target rows with four classes."""
    return DomainLevel(features=(draw(3, 5), draw(2, 5, seed=1)),
                       logits=(draw(3, 4, seed=2), draw(2, 4, seed=3)))._replace(**entries)


def loss_of(kind, at, progress=START, again=None, **settings):
    objective = MODELS.build(dict(type=kind, places='here', **settings))
    return objective(DomainBatch(dict(here=at), lambda: dict(here=again)), 'here', progress)


def test_frame_adversarial_is_the_cross_entropy_of_each_head():
    domain = draw(5, 2, 2, seed=4)
    ids = torch.tensor([0, 0, 0, 1, 1])
    expected = F.cross_entropy(domain[:, 0], ids) + F.cross_entropy(domain[:, 1], ids)
    torch.testing.assert_close(loss_of('FrameAdversarialLoss', level(domain_logits=domain)), expected)


@pytest.mark.parametrize(('class_weight', 'weigh'), [
    ('soft', lambda probs: probs), ('hard', lambda probs: F.one_hot(probs.argmax(1), 4)),
    (None, lambda probs: torch.ones_like(probs))])
def test_class_adversarial_weights_rows_by_their_class(class_weight, weigh):
    domain, at = draw(5, 4, 2, seed=4), level()
    ids = torch.tensor([0, 0, 0, 1, 1])
    rows = torch.stack([F.cross_entropy(domain[:, head], ids, reduction='none') for head in range(4)], 1)
    expected = (rows * weigh(torch.cat(at.logits).softmax(1))).mean(0).sum()
    found = loss_of('ClassAdversarialLoss', at._replace(domain_logits=domain), class_weight=class_weight)
    torch.testing.assert_close(found, expected)


def test_no_gradient_flows_through_class_weights():
    logits = tuple(item.requires_grad_() for item in level().logits)
    domain = draw(5, 4, 2, seed=4).requires_grad_()
    loss_of('ClassAdversarialLoss', level(logits=logits, domain_logits=domain)).backward()
    assert domain.grad is not None and all(item.grad is None for item in logits)


@pytest.mark.parametrize('kind', ['SequenceAdversarialLoss', 'OrderPredictionLoss'])
def test_sequence_losses_are_the_mean_cross_entropy(kind):
    logits, labels = draw(4, 6, seed=5), torch.tensor([5, 0, 2, 2])
    found = loss_of(kind, level(sequence_logits=logits, sequence_labels=labels), loss_weight=0.3)
    torch.testing.assert_close(found, 0.3 * F.cross_entropy(logits, labels))


def test_attentive_entropy_of_a_known_case():
    certain, undecided = [50.0, -50.0], [0.0, 0.0]
    at = level(domain_logits=torch.tensor([certain, certain, certain, undecided, undecided])[:, None],
               logits=(torch.zeros(3, 4), torch.zeros(2, 4)))
    expected = math.log(4) * (3 + 2 * (1 + math.log(2))) / 5
    assert loss_of('AttentiveEntropyLoss', at).item() == pytest.approx(expected, abs=1e-6)


def test_several_predictions_side_by_side_have_an_entropy_each():
    logits = torch.tensor([[50.0, -50.0, 0.0, 0.0]])
    at = level(features=(draw(0, 5), draw(1, 5)), logits=(logits[:0], logits))
    assert loss_of('TargetEntropyLoss', at, num_steps=2).item() == pytest.approx(math.log(2) / 2, abs=1e-6)
    assert loss_of('TargetEntropyLoss', at).item() == pytest.approx(0, abs=1e-6)
    with pytest.raises(ConfigError, match='a divisor of the 4 logits, found 3'):
        loss_of('TargetEntropyLoss', at, num_steps=3)


def test_centroids_of_equal_domains_do_not_differ_and_unlabelled_rows_do_not_count():
    rows, labels = draw(4, 5), torch.tensor([0, 1, 3, 3])
    logits = 9.0 * F.one_hot(labels, 4)
    at = level(features=(torch.cat([rows, 100 * draw(1, 5)]), rows), logits=(draw(5, 4), logits),
               labels=torch.cat([labels, torch.tensor([-100])]), centroids=Centroids(4, 5))
    assert loss_of('CentroidAlignmentLoss', at).item() == 0
    torch.testing.assert_close(at.centroids.source[0], 0.3 * rows[0])


@pytest.mark.parametrize('kind', ['MMDLoss', 'JointMMDLoss'])
def test_discrepancy_is_zero_for_the_same_rows_and_grows_with_the_distance(kind):
    rows, logits = draw(6, 5), draw(6, 4, seed=1)
    here = [loss_of(kind, level(features=(rows, rows + shift), logits=(logits, logits)), rows='first').item()
            for shift in (0.0, 0.5, 2.0)]
    assert here[0] == pytest.approx(0, abs=1e-6) and here[0] < here[1] < here[2]


def test_discrepancy_by_definition():
    at = level(features=(torch.tensor([[0.0], [1.0]]), torch.tensor([[2.0], [4.0], [9.0]])))
    width = 2 * (1 + 4 + 16 + 1 + 9 + 4) / 12
    kernel = lambda a, b: math.exp(-(a - b)**2 / width)  # noqa: E731 shorter than a def
    expected = sum(kernel(a, b) + kernel(c, d) - kernel(a, d) - kernel(c, b)
                   for a, c in ((0, 2), (1, 4)) for b, d in ((0, 2), (1, 4))) / 4
    assert loss_of('MMDLoss', at, num=1).item() == pytest.approx(expected, abs=1e-6)


def test_rows_are_compared_in_blocks():
    at = level(features=(draw(4, 5), draw(4, 5, seed=1)))
    blocks = [loss_of('MMDLoss', level(features=tuple(item[part] for item in at.features)))
              for part in (slice(0, 2), slice(2, 4))]
    torch.testing.assert_close(loss_of('MMDLoss', at, block_rows=2), torch.stack(blocks).mean())


def test_random_rows_follow_the_seed():
    at = level(features=(draw(40, 5), draw(30, 5, seed=1)))
    found = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        found.append(loss_of('MMDLoss', at, rows='random', max_rows=8).item())
    assert found[0] == found[1] != found[2]


def test_ensembles_look_at_the_second_pass_and_hand_its_target_on():
    first, second = draw(2, 4, seed=7), draw(2, 4, seed=8)
    again = level(logits=(draw(0, 4), first), logits_2=(draw(0, 4), second))
    at = level(logits_2=(draw(3, 4), draw(2, 4)))
    expected = -(first.softmax(1) - second.softmax(1)).abs().mean()
    torch.testing.assert_close(loss_of('ClassifierDiscrepancyLoss', at, again=again), expected)
    for replace in (True, False):
        domains = DomainBatch(dict(here=at), lambda: dict(here=again))
        mcd = MODELS.build(dict(type='ClassifierDiscrepancyLoss', places='here', replace_target=replace))
        entropy = MODELS.build(dict(type='TargetEntropyLoss', places='here'))
        mcd(domains, 'here', START)
        seen = first if replace else at.logits[1]
        torch.testing.assert_close(entropy(domains, 'here', START),
                                   torch.distributions.Categorical(logits=seen).entropy().mean())


def test_sliced_wasserstein_ignores_the_order_of_rows():
    rows = draw(6, 4).log_softmax(1)
    order = torch.randperm(6, generator=torch.Generator().manual_seed(1))
    again = level(logits=(rows[:0], rows), logits_2=(rows[:0], rows[order]))
    assert loss_of('SlicedWassersteinLoss', level(logits_2=(draw(3, 4), draw(2, 4))), again=again).item() == \
        pytest.approx(0, abs=1e-6)


def test_the_weight_follows_the_training():
    at = level()
    whole = loss_of('TargetEntropyLoss', at).item()
    ramp = dict(type='SigmoidRamp', length=100)
    for iteration in (0, 10, 100):
        found = loss_of('TargetEntropyLoss', at, TrainProgress(iteration, 500), loss_weight=ramp).item()
        assert found == pytest.approx(whole * (2 / (1 + math.exp(-iteration / 10)) - 1), rel=1e-6)
    by_epoch = SigmoidRamp(by_epoch=True)
    assert by_epoch(TrainProgress(epoch=3, max_epochs=40)) == pytest.approx(2 / (1 + math.exp(-1)) - 1)
    assert SigmoidRamp(scale=0.1)(TrainProgress(50, 100)) == pytest.approx(0.1 * (2 / (1 + math.exp(-5)) - 1))


@pytest.mark.parametrize(('kind', 'settings', 'text'), [
    ('FrameAdversarialLoss', {}, "FrameAdversarialLoss at 'here': expected domain_logits at this level, found a model "
     'that gives none there. Choose other places, or switch on the part of model.adaptation'),
    ('CentroidAlignmentLoss', {}, 'expected labels, centroids at this level'),
    ('ClassifierDiscrepancyLoss', {}, 'expected logits_2 at this level'),
    ('MMDLoss', dict(of='colours'), "MMDLoss, of: expected 'features', 'logits', 'probs', found 'colours'"),
    ('MMDLoss', dict(rows='last'), "MMDLoss, rows: expected 'first' or 'random', found 'last'"),
])
def test_what_is_missing_is_named(kind, settings, text):
    with pytest.raises(ConfigError, match=re.escape(text)):
        loss_of(kind, level(), **settings)


def test_an_objective_without_a_place_is_refused():
    with pytest.raises(ConfigError, match='TargetEntropyLoss, places: expected at least one level, found none'):
        MODELS.build(dict(type='TargetEntropyLoss', places=[]))


def test_a_ramp_of_no_length_is_refused():
    with pytest.raises(ConfigError, match='SigmoidRamp, length: expected at least 1 iteration'):
        SigmoidRamp(length=0)
