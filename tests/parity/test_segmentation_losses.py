"""Losses, gradients and short trainings against numbers of the released segmentation code."""

import math

import numpy as np
import pytest
import torch
from segmentation_fixtures import (
    arrays_of,
    backwards,
    build,
    keys_of,
    normals,
    objectives_of,
    ramp_of,
    read_json,
    seed_of,
)

from egoexo.checkpoints.segmentation import to_official
from egoexo.models.adaptation import (
    Centroids,
    DomainBatch,
    DomainLevel,
    JointMMDLoss,
    TrainProgress,
    entropy,
    gaussian_kernel,
    linear_time_mmd,
    sliced_wasserstein,
)
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

OWNS = {'segmentation': ['losses.json', 'loss_inputs.npz', 'loss_functions.npz', 'train_trace.json']}
LOSS_CASES = read_json('losses.json')
TRACES = read_json('train_trace.json')
#: What the README of the fixtures says about options that a case does not name.
DEFAULTS = dict(gamma=0.5, nu=0.4, ratio_ma=0.7, dim_proj=16, mu=0.0, eta=0.0)


def _batch(inputs, labels, mask):
    samples = [EgoExoDataSample(gt_step_labels=row[keep]) for row, keep in zip(labels, mask, strict=True)]
    return dict(inputs=inputs, mask=mask, data_samples=samples)


def _loss(model, source, target):
    """Sum of all losses; without an objective the target takes no part, as in the released code its loss is zero."""
    pair = dict(source=source, target=target) if len(model.adaptation.objectives) else source
    return sum(model(**pair, mode='loss').values())


def _official_parameters(model):
    """Parameters (not detached) and buffers under their official names."""
    return to_official(model.state_dict(keep_vars=True))


@pytest.mark.parametrize('case', [case for case, entry in LOSS_CASES.items() if 'loss' in entry])
def test_losses_and_gradients(case):
    variant, batch = case.rsplit('/', 1)
    entry, arrays = LOSS_CASES[case], arrays_of('loss_inputs.npz')
    model, _ = build(keys_of(variant), seed_of('losses', variant), entry['config'], dropout=0.0,
                     objectives=objectives_of(entry['config'], DEFAULTS), beta=(0.7, 0.3))
    domains = [_batch(*(torch.from_numpy(arrays[f'{batch}{domain}/{name}']) for name in 'xy'),
                      torch.from_numpy(arrays[f'{batch}{domain}/mask'][:, 0]) > 0) for domain in 'st']
    loss = _loss(model.train(), *domains)
    loss.backward()
    assert loss.item() == pytest.approx(entry['loss'], abs=1e-4)
    official = _official_parameters(model)
    norms = {key: None if value.grad is None else value.grad.double().norm().item() for key, value in official.items()
             if isinstance(value, torch.nn.Parameter)}
    total = math.sqrt(sum(norm**2 for norm in norms.values() if norm is not None))
    assert total == pytest.approx(entry['grad_total_norm'], rel=1e-4)
    assert sum(norm is None for norm in norms.values()) == entry['n_params_without_grad']
    for key, norm in entry.get('grad_norm', {}).items():
        assert norms[key] == (None if norm is None else pytest.approx(norm, rel=1e-4, abs=1e-7)), key
    for key, norm in entry.get('centroid_norm', {}).items():
        assert official[key].norm().item() == pytest.approx(norm, rel=1e-4), key


def test_crashes_of_the_released_code_have_no_counterpart():
    crashes = [entry for entry in LOSS_CASES.values() if 'loss' not in entry]
    assert all('error' in entry for entry in crashes)


def _sequences(domain, seed, length, dim, num_classes):
    """One domain of the rule by which the fixtures draw a pair of videos: the source block, then the target block."""
    rng = np.random.default_rng(seed)
    for block, steps in (('source', length if domain == 'source' else 30), ('target', length)):
        features, labels = rng.standard_normal((dim, steps)).astype(np.float32), []
        while len(labels) < steps:
            label = int(rng.integers(0, num_classes))
            labels += [label] * int(rng.integers(3, 12))
        if block == domain:
            labels = torch.tensor(labels[:steps])[None]
            return _batch(torch.from_numpy(features)[None], labels, torch.ones_like(labels, dtype=torch.bool))
    raise AssertionError(domain)


@pytest.mark.parametrize('variant', TRACES)
def test_training_trace(variant):
    entry = TRACES[variant]
    config = entry['config']
    limits = config['iter_max_beta']
    weights = DEFAULTS | dict(gamma=ramp_of(config['gamma'], config['iter_max_gamma']))
    options = {key: value for key, value in config.items() if key != 'gamma'}
    beta = (ramp_of(config['beta'][0], limits[0]), ramp_of(config['beta'][1], limits[1], scale=0.1))
    model, _ = build(keys_of(variant), seed_of('train_trace', variant), options, dropout=0.0,
                     objectives=objectives_of(options, weights), beta=beta)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-4)
    sizes = (model.backbone.in_channels, model.backbone.num_classes)
    pairs = list(zip(*([_sequences(domain, *item, *sizes) for item in entry[f'{domain}_input_seeds']]
                       for domain in ('source', 'target')), strict=True)) * config['num_epochs']
    losses = []
    for iteration, pair in enumerate(pairs):
        model.progress = TrainProgress(iteration, len(pairs))
        optimizer.zero_grad()
        loss = _loss(model.train(), *pair)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    np.testing.assert_allclose(losses, entry['loss'], rtol=0, atol=1e-3)
    final = _official_parameters(model)
    for key, norm in entry['final_param_norm'].items():
        assert final[key].norm().item() == pytest.approx(norm, abs=1e-3), key


@pytest.fixture(scope='module')
def functions():
    return {key: torch.from_numpy(value) for key, value in arrays_of('loss_functions.npz').items()}


def _close(ours, expected):
    torch.testing.assert_close(ours, expected.to(ours.dtype).reshape(ours.shape), rtol=0, atol=1e-5)


def _level(functions):
    return DomainLevel(features=(functions['f1'], functions['f2']), logits=(functions['p'], functions['q']))


def test_entropies(functions):
    _close(entropy(functions['p']).mean(), functions['cross_entropy_soft(p)'])
    _close((1 + entropy(functions['pd'])) * entropy(functions['p']), functions['attentive_entropy(p,pd)'])


def test_classifier_differences(functions):
    first, second = functions['p'].softmax(1), functions['q'].softmax(1)
    key = next(key for key in functions if key.startswith('dis_swd'))
    count = int(key.rpartition('=')[2].rstrip(')'))
    _close(sliced_wasserstein(first, second, normals(first.shape[1], count)), functions[key])
    mcd = MODELS.build(dict(type='ClassifierDiscrepancyLoss', places='video'))
    _close(mcd.difference(first, second), functions['dis_mcd(softmax p,softmax q)'])
    level = DomainLevel((functions['f1'],) * 2, (functions['p'],) * 2, (functions['q'],) * 2)
    domains = DomainBatch(dict(video=level), lambda: dict(video=level))
    _close(mcd(domains, 'video', TrainProgress()), -functions['dis_mcd(softmax p,softmax q)'])


def test_kernels(functions):
    rows = torch.cat([functions['f1'], functions['f2']])
    for key in (key for key in functions if key.startswith('gaussian_kernel')):
        options = [float(item) for item in key.rstrip(')').split(',')[2:]]
        named = dict(zip(('mul', 'num', 'sigma'), options, strict=False))
        _close(gaussian_kernel(rows, **named | ({'num': int(named['num'])} if 'num' in named else {})), functions[key])


def test_joint_discrepancy(functions):
    loss = JointMMDLoss(places='stage1')
    loss.draw_rows = backwards
    level = _level(functions)
    domains = DomainBatch(dict(stage1=level), dict)
    _close(loss(domains, 'stage1', TrainProgress()), functions['loss_jan([f1,softmax p],[f2,softmax q])'])
    order = torch.arange(len(functions['f1']))
    joint = 1.0
    for kernel in loss.kernels:
        rows = loss.stacked(level, kernel['of'], order, order)
        joint = joint * gaussian_kernel(rows, **{key: value for key, value in kernel.items() if key != 'of'})
    _close(linear_time_mmd(joint).abs(), functions['loss_jan_ver1'])


def test_centroids(functions):
    centroids = Centroids(*functions['centroid_s0'].shape)
    centroids.load_state_dict(dict(source=functions['centroid_s0'], target=functions['centroid_t0']))
    moved = centroids.update(functions['f1'], functions['y'], functions['f2'], functions['q'].argmax(1), ratio=0.7)
    for new, kept, name in zip(moved, (centroids.source, centroids.target), ('centroid_s1', 'centroid_t1'),
                               strict=True):
        _close(new, functions[name])
        _close(kept, functions[name])
