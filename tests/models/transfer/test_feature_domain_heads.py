import math
import re

import pytest
import torch
from torch.nn import functional as F

from egoexo.errors import ConfigError
from egoexo.models.adaptation import SigmoidRamp, TrainProgress
from egoexo.models.heads import ClassifierOutput
from egoexo.models.transfer import FeatureDomainHeads, conditional_features
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

RAMP = dict(type='SigmoidRamp', length=10000, offset=1)


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def pair(grad: bool = False) -> tuple[ClassifierOutput, ClassifierOutput]:
    """Three source and two target rows with four classes and five numbers."""
    return tuple(ClassifierOutput(draw(count, 4, seed=count).requires_grad_(grad), draw(count, 5).requires_grad_(grad))
                 for count in (3, 2))


def adversarial(place: str, **options: object) -> FeatureDomainHeads:
    torch.manual_seed(0)
    return FeatureDomainHeads(channels=5, num_classes=4, hidden=7, dropout=0.0, objectives=[
        dict(type='FrameAdversarialLoss', places=[place], **options)], beta=1.0)


def classifier(**adaptation: object) -> torch.nn.Module:
    torch.manual_seed(0)
    model = MODELS.build(dict(
        type='SegmentClassifier', head=dict(type='MLPHead', feat_size=[6, 5], num_classes=4),
        adaptation=dict(type='FeatureDomainHeads', hidden=8, **adaptation)))
    for parameter in model.head.parameters():
        if parameter.ndim > 1:
            torch.nn.init.xavier_normal_(parameter)
    return model.train()


def batch(count: int, labels: bool) -> dict:
    samples = [EgoExoDataSample(gt_label=torch.tensor(row % 4)) if labels else EgoExoDataSample()
               for row in range(count)]
    return dict(inputs=draw(count, 6, seed=count), data_samples=samples)


def losses_of(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return model(source=batch(6, True), target=batch(4, False), mode='loss')


def test_conditional_features_are_outer_products_without_a_gradient_to_the_logits():
    output = pair(grad=True)[0]
    rows = conditional_features(output)
    probs = output.logits.softmax(1)
    assert rows.shape == (3, 20)
    torch.testing.assert_close(rows.view(3, 4, 5)[1, 2], probs[1, 2] * output.feature[1])
    rows.sum().backward()
    assert output.logits.grad is None and output.feature.grad is not None


@pytest.mark.parametrize(('place', 'width'), [('feature', 5), ('conditional', 20)])
def test_the_discriminator_is_that_of_the_baselines(place, width):
    heads = FeatureDomainHeads(channels=5, num_classes=4, objectives=[
        dict(type='FrameAdversarialLoss', places=[place])])
    layers = heads.discriminators[place]
    assert list(heads.discriminators) == [place]
    assert [type(layer).__name__ for layer in layers] == [
        'Linear', 'ReLU', 'Dropout', 'Linear', 'ReLU', 'Dropout', 'Linear']
    assert [tuple(layers[index].weight.shape) for index in (0, 3, 6)] == [(1024, width), (1024, 1024), (1, 1024)]
    for index, deviation in ((0, 0.01), (3, 0.01), (6, 0.3)):
        assert layers[index].weight.std().item() == pytest.approx(deviation, rel=0.1)
        assert (layers[index].bias == 0).all()
    assert layers[2].p == layers[5].p == 0.5


@pytest.mark.parametrize('place', ['feature', 'conditional'])
def test_the_loss_is_the_binary_cross_entropy_with_the_source_as_one(place):
    heads, outputs = adversarial(place), pair(grad=True)
    levels = heads.levels(outputs, torch.tensor([0, 1, 2]), TrainProgress())
    logits = levels[place].domain_logits
    assert logits.shape == (5, 1, 2) and (logits[..., 1] == 0).all()
    rows = torch.cat([item.feature if place == 'feature' else conditional_features(item) for item in outputs])
    single = heads.discriminators[place](rows)[:, 0]
    expected = F.binary_cross_entropy_with_logits(single, torch.tensor([1.0, 1, 1, 0, 0]))
    model = classifier(objectives=[dict(type='FrameAdversarialLoss', places=[place])])
    found = heads.objectives[0].compare(levels[place], None, place)
    torch.testing.assert_close(found, expected)
    assert model.adaptation.discriminators[place][0].in_features == rows.shape[1]
    # The gradient of the features is that of the plain loss, reversed.
    plain = torch.autograd.grad(expected, outputs[0].feature)[0]
    torch.testing.assert_close(torch.autograd.grad(found, outputs[0].feature)[0], -plain)


def test_entropy_weights():
    """CDAN+E: certain rows count more, each domain for one half."""
    outputs = pair()
    heads = adversarial('conditional', entropy_weights=True)
    level = heads.levels(outputs, torch.tensor([0, 1, 2]), TrainProgress())['conditional']
    found = heads.objectives[0].compare(level, None, 'conditional')
    single, expected = level.domain_logits[:, 0, 0], 0.0
    for output, rows, label in zip(outputs, single.split([3, 2]), (1.0, 0.0), strict=True):
        probs = output.logits.softmax(1)
        weight = 1 + torch.exp((probs * probs.log()).sum(1))
        rows = F.binary_cross_entropy_with_logits(rows, torch.full_like(rows, label), reduction='none')
        expected = expected + (weight * rows).sum() / weight.sum() / 2
    torch.testing.assert_close(found, expected)
    same = level._replace(logits=(torch.zeros(3, 4),) * 2, domain_logits=level.domain_logits[[0, 1, 2] * 2])
    torch.testing.assert_close(heads.objectives[0].compare(same, None, ''),
                               adversarial('conditional').objectives[0].compare(same, None, ''))
    assert heads.read_by('logits') and not adversarial('conditional').read_by('logits')


def test_the_reversal_grows_with_the_iteration_that_runs():
    """The authors count the running iteration: 2 / (1 + exp(-10 t / 10000)) - 1 with t = 1 in the first one."""
    heads = FeatureDomainHeads(5, 4, beta=RAMP)
    for iteration in (0, 99, 9999):
        expected = 2 / (1 + math.exp(-10 * (iteration + 1) / 10000)) - 1
        assert heads.beta(TrainProgress(iteration=iteration)) == pytest.approx((expected,), rel=1e-12)
    with pytest.raises(ConfigError, match='SigmoidRamp, offset: expected at least 0 iterations'):
        SigmoidRamp(offset=-1)
    with pytest.raises(ConfigError, match='found 1 with by_epoch=True'):
        SigmoidRamp(offset=1, by_epoch=True)


ANYWHERE = [
    dict(type='FrameAdversarialLoss'), dict(type='FrameAdversarialLoss', entropy_weights=True),
    dict(type='AttentiveEntropyLoss'), dict(type='TargetEntropyLoss'), dict(type='MMDLoss'),
    dict(type='MMDLoss', of='logits'), dict(type='MMDLoss', of='probs'), dict(type='JointMMDLoss')]


@pytest.mark.parametrize('objective', [
    *(item | dict(places=place) for item in ANYWHERE for place in ('feature', 'conditional')),
    dict(type='CentroidAlignmentLoss', places='feature')], ids=lambda item: '-'.join(map(str, item.values())))
def test_objectives_reach_the_features(objective):
    """And every parameter that learns gets a gradient, which training on several processes demands."""
    model = classifier(objectives=[objective], beta=1.0,
                       centroids=objective['type'] == 'CentroidAlignmentLoss')
    losses = losses_of(model)
    added = {key: value for key, value in losses.items() if key != 'loss_cls'}
    assert set(added) == {model.adaptation.objectives[0].key} and all(map(torch.isfinite, losses.values()))
    sum(added.values()).backward(retain_graph=True)
    assert model.head.mlp[0].weight.grad.norm() > 0
    losses['loss_cls'].backward()
    assert [name for name, parameter in model.named_parameters()
            if parameter.requires_grad and parameter.grad is None] == []


def test_two_places_and_labels_of_the_target_together():
    model = classifier(objectives=[dict(type='FrameAdversarialLoss', places=['feature', 'conditional']),
                                   dict(type='MMDLoss', places=['feature'], loss_weight=0.1)], beta=RAMP)
    model.supervise_target = True
    losses = model(source=batch(6, True), target=batch(4, True), mode='loss')
    assert set(losses) == {'loss_cls', 'loss_target', 'loss_domain', 'loss_mmd'}
    assert losses['loss_domain'].item() == pytest.approx(2 * math.log(2), abs=0.2)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert all(value.dtype == torch.float32
                   for value in model(source=batch(6, True), target=batch(4, True), mode='loss').values())


def test_without_objectives_nothing_is_built():
    model = classifier()
    assert list(model.adaptation.parameters()) == [] and list(model.adaptation.levels(
        pair(), torch.zeros(3), TrainProgress())) == ['feature']


@pytest.mark.parametrize(('objective', 'text'), [
    (dict(type='ClassAdversarialLoss', places=['feature']),
     "FeatureDomainHeads, objectives: expected methods with one discriminator per place, found ClassAdversarialLoss"),
    (dict(type='ClassifierDiscrepancyLoss', places=['feature']), 'expected logits_2 at this level'),
    (dict(type='SequenceAdversarialLoss', places=['feature']), 'expected sequence_logits, sequence_labels'),
    (dict(type='FrameAdversarialLoss', places=['video']), 'expected places among feature, found video'),
    (dict(type='CentroidAlignmentLoss', places=['feature']), 'expected centroids at this level'),
])
def test_methods_that_do_not_fit_are_refused(objective, text):
    with pytest.raises(ConfigError, match=re.escape(text)):
        losses_of(classifier(objectives=[objective]))
