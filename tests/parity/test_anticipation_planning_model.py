"""The clip network, its losses and its steps against numbers of the released anticipation and planning code."""

import json
import math
import re

import numpy as np
import pytest
import torch
from parity_support import fill_state
from tests_support import parity_dir

from egoexo.checkpoints.anticipation import from_official, to_official
from egoexo.checkpoints.anticipation_layout import AnticipationLayout, guess_layout, official_shapes
from egoexo.engine.schedulers import DannLR
from egoexo.models.adaptation.domain_level import DomainBatch, DomainLevel
from egoexo.models.adaptation.kernels import gaussian_kernel, linear_mmd, linear_time_mmd, quadratic_mmd
from egoexo.models.adaptation.progress import TrainProgress
from egoexo.models.clip import TemporalRelation, relation_frames
from egoexo.models.losses import FutureCrossEntropy, MultiLabelCrossEntropy
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

OWNS = {'anticipation_planning': ['models/*', 'trn/*', 'losses/*', 'train_step/*']}

ROOT = parity_dir('anticipation_planning')
PLACES = ('relation', 'video', 'frame')
ATTENTION = {'none': None, 'TransAttn': 'domain', 'general': 'general'}


def _json(name):
    path = ROOT / name
    return json.loads(path.read_text()) if path.is_file() else {}


def _arrays(name):
    return np.load(ROOT / name, allow_pickle=False)


FIXTURE = _json('fixture.json')
CASES = _json('models/models.json')
STEPS = {path.stem: json.loads(path.read_text()) for path in sorted(ROOT.glob('train_step/*.json'))}
LOSSES = _json('losses/values.json')


def keys_for(num_outputs, options):
    """Official keys of the network that the options describe; the files of models/ prove the layouts right."""
    layout = AnticipationLayout(
        num_classes=num_outputs, num_classifiers=1 + (options.get('ens') == 'MCD'),
        norm=None if options.get('use_bn', 'none') == 'none' else options['use_bn'],
        general_attention=options.get('use_attn') == 'general')
    return [(key, list(shape), 'int64' if key.endswith('num_batches_tracked') else 'float32')
            for key, shape in official_shapes(layout).items()]


def parts_of(official, config, horizon=1):
    """Arguments of our model: sizes from the shapes, the rest from the official options."""
    layout = guess_layout({key: tuple(value.shape) for key, value in official.items()})
    parts = layout.model_config(ATTENTION[config.get('use_attn', 'none')])
    if parts['encoder']['type'] == 'AveragePool' and parts['attention'] == 'general':
        parts['attention'] = None  # the released code never computes it there
    if parts['encoder']['type'] == 'Recurrent':
        parts['attention'] = None
        parts['encoder']['num_groups'] = config.get('n_ts', 5)
    parts['head'].update(baseline=config.get('base', 'video'), num_classes=layout.num_classes // horizon,
                         horizon=horizon, loss=[dict(type='MultiLabelCrossEntropy')])
    parts.update(frame_attention=config.get('use_attn_frame', 'none') != 'none')
    return parts


def build(keys, seed_str, config, horizon=1, **changes):
    official = fill_state(keys, seed_str)
    parts = parts_of(official, config, horizon) | changes
    model = MODELS.build(dict(type='ClipModel', **parts))
    model.load_state_dict(from_official(official), strict=True)
    return model, official


def without_dropout(model):
    model.dropout = model.embedding.dropout = 0.0
    return model.train()


def draw(seed, *shapes):
    rng = np.random.default_rng(seed)
    return rng, [torch.from_numpy(rng.standard_normal(shape).astype(np.float32)) for shape in shapes]


def official_outputs(outputs, base, attention):
    """Our outputs under the names of the released ones."""
    place = 'relation' if 'relation' in outputs.judged else 'video'
    values = {f'pred_domain{number}': outputs.judged[name] for number, name in enumerate((place, 'video', 'frame'))}
    logits = [item.flatten(0, -2) for item in outputs.logits]
    values.update(out=logits[0], out2=logits[-1])
    if outputs.relations is None:
        values['attn'] = outputs.video[:, 0]
    else:
        values['attn'] = outputs.relations[:, :, 0] if attention is None else outputs.attention
    first = dict(video=[outputs.logits[0], outputs.video], frame=[outputs.logits[0]], tsn=[])[base]
    return values | {f'feat{number}': item for number, item in enumerate(first + list(outputs.layers[::-1]))}


@pytest.mark.parametrize('name', CASES)
def test_forward(name):
    case, arrays = CASES[name], _arrays(f'models/{name}.npz')
    keys = _json(f'models/{name}.keys.json')
    model, _ = build(keys, case['seed_str'], case['config'])
    assert sum(parameter.numel() for parameter in model.parameters()) == case['n_params']
    _, (source, target) = draw(case['input_seed'], case['source_shape'], case['target_shape'])
    with torch.no_grad():
        pair = model.eval().run_both(source.transpose(1, 2), target.transpose(1, 2), frozenset(PLACES),
                                     beta=(0.75, 0.75, 0.5))
        predicted = model(target.transpose(1, 2))
    base = case['config'].get('base', 'video')
    ours = {f'{letter}_{key}': value.numpy() for letter, outputs in zip('st', pair, strict=True)
            for key, value in official_outputs(outputs, base, model.attention).items()}
    assert set(ours) == set(arrays.files)
    for key, expected in ((key, arrays[key]) for key in arrays.files):
        value = ours[key]
        if 'feat' in key and value.size >= 4000:
            value = value[..., ::8]
        np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-5, err_msg=key)
    # One branch alone predicts the same.
    np.testing.assert_allclose(predicted.flatten(0, -2).numpy(), arrays['t_out'], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('name', CASES)
def test_goes_back_to_the_official_names(name):
    keys = _json(f'models/{name}.keys.json')
    model, official = build(keys, CASES[name]['seed_str'], CASES[name]['config'])
    back = to_official(model.state_dict())
    assert [(key, list(value.shape)) for key, value in back.items()] == [(key, shape) for key, shape, _ in keys]
    assert all(torch.equal(back[key], official[key]) for key in official)


def _official_parameters(model):
    """Parameters and buffers, not detached, under their official names."""
    return to_official(model.state_dict(keep_vars=True))


def test_gradients():
    entry = _json('models/grad_check.json')
    order = re.findall(r'x[st]\[(\d+),(\d+),(\d+)\]', entry['order'])
    shapes = [tuple(map(int, shape)) for shape in order]
    rng, (source, target) = draw(entry['input_seed'], *shapes)
    threshold = float(re.search(r'<([\d.]+)\)', entry['order'])[1])
    labels = (rng.random((len(source), entry['num_class'])) < threshold).astype(np.float32)
    keys = keys_for(entry['num_class'], {})
    objectives = [dict(type='FrameAdversarialLoss', places=[place], name=place) for place in PLACES]
    objectives.append(dict(type='AttentiveEntropyLoss', places=['video'], loss_weight=entry['gamma'], name='entropy'))
    adaptation = dict(type='ClipDomainHeads', beta=entry['beta'], objectives=objectives)
    model, _ = build(keys, entry['seed_str'], dict(use_attn='TransAttn'), adaptation=adaptation)
    losses = without_dropout(model)(mode='loss', source=_batch(source, labels, 1), target=_batch(target, None, 1))
    parts = entry['loss_parts']
    assert losses['loss_ce'].item() == pytest.approx(parts['cls'], rel=1e-5)
    for number, place in enumerate(PLACES):
        assert losses[place].item() == pytest.approx(parts[f'adv{number}'], rel=1e-5)
    assert losses['entropy'].item() == pytest.approx(entry['gamma'] * parts['attn_entropy'], rel=1e-5)
    total = sum(losses.values())
    assert total.item() == pytest.approx(parts['total'], rel=1e-5)
    total.backward()
    ours = _official_parameters(model)
    for key, expected in entry['grads'].items():
        grad = ours[key].grad
        if expected is None:
            assert grad is None, key
            continue
        assert grad.norm().item() == pytest.approx(expected['norm'], rel=1e-4, abs=1e-6), key
        assert grad.sum().item() == pytest.approx(expected['sum'], rel=1e-4, abs=1e-4 * expected['norm']), key
        np.testing.assert_allclose(grad.flatten()[:len(expected['first'])], expected['first'], rtol=1e-4,
                                   atol=1e-4 * expected['norm'] / math.sqrt(grad.numel()), err_msg=key)


@pytest.mark.parametrize('num_segments', [int(key[5:]) for key in _arrays('trn/trn_multiscale.npz').files])
def test_relation_module(num_segments):
    expected = _arrays('trn/trn_multiscale.npz')[f'out_T{num_segments}']
    channels, width = 8, expected.shape[-1]
    module = TemporalRelation(channels, width, num_segments)
    keys = [(f'fc_fusion_scales.{number}.1.{part}', shape, 'float32')
            for number, scale in enumerate(range(num_segments, 1, -1))
            for part, shape in (('weight', [width, scale * channels]), ('bias', [width]))]
    state = fill_state(keys, FIXTURE['seed_str']['trn_multiscale'].format(k=num_segments))
    module.load_state_dict({key.replace('fc_fusion_scales', 'fusions').replace('.1.', '.'): value
                            for key, value in state.items()})
    _, (inputs,) = draw(FIXTURE['trn_input_seed_base'] + num_segments, (len(expected), num_segments, channels))
    with torch.no_grad():
        np.testing.assert_allclose(module(inputs).numpy(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('num_segments', list(map(int, _json('trn/relation_index.json'))))
def test_relation_frames(num_segments):
    for row in _json('trn/relation_index.json')[str(num_segments)]:
        assert [list(subset) for subset in relation_frames(num_segments, row['scale'])] == row['frames']
        assert math.comb(num_segments, row['scale']) == row['n_relations']


def _objective(kind, level, **settings):
    """Value of one objective on one level."""
    objective = MODELS.build(dict(type=kind, places=['video'], **settings))
    return objective(DomainBatch(dict(video=level), lambda: dict(video=level)), 'video', TrainProgress())


def loss_value(name, tensors, extra):
    """Our value of a released loss function by the name in the fixture."""
    empty = {key: value[:0] for key, value in tensors.items()}
    if name == 'ce_multihot':
        return MultiLabelCrossEntropy()(tensors['pred'], extra['multihot'])
    if name == 'plan_ce_first_step':
        labels = extra['plan_labels']
        return FutureCrossEntropy('first')(tensors['plan'].unflatten(-1, (labels.shape[1], -1)), labels)
    if name == 'cross_entropy_soft':
        level = DomainLevel((empty['pred'], tensors['pred']), logits=(empty['pred'], tensors['pred']))
        return _objective('TargetEntropyLoss', level)
    if name in ('attentive_entropy', 'plan_attentive_entropy'):
        logits = tensors['plan' if name.startswith('plan') else 'pred'].chunk(2)
        return _objective('AttentiveEntropyLoss', DomainLevel(logits, logits=logits,
                                                              domain_logits=tensors['dom'].unsqueeze(1)))
    if name == 'dis_MCD':
        pairs = [(empty['pred'], tensors[key]) for key in ('pred', 'pred2')]
        return -_objective('ClassifierDiscrepancyLoss', DomainLevel(pairs[0], logits=pairs[0], logits_2=pairs[1]))
    if name == 'mmd_linear':
        return linear_mmd(tensors['fx'], tensors['fy'])
    if name == 'mmd_rbf_v1':
        return linear_time_mmd(gaussian_kernel(torch.cat([tensors['fx'], tensors['fy']]), 2.0, 5))
    if name == 'JAN_v2':
        level = DomainLevel((tensors['gx'], tensors['gy']), logits=(tensors['fx'], tensors['fy']))
        return _objective('JointMMDLoss', level, rows='first',
                          kernels=[dict(of='logits', num=2), dict(of='features', num=5)])
    match = re.fullmatch(r'mmd_rbf_v2_k([\d.]+)_n(\d+)', name)
    return quadratic_mmd(gaussian_kernel(torch.cat([tensors['fx'], tensors['fy']]), float(match[1]), int(match[2])))


@pytest.mark.parametrize('name', LOSSES)
def test_loss(name):
    entry = LOSSES[name]
    arrays = {key: torch.from_numpy(value) for key, value in _arrays('losses/inputs.npz').items()}
    tensors = {key: arrays[key].clone().requires_grad_() for key in entry['inputs']}
    value = loss_value(name, tensors, arrays)
    value.backward()
    assert value.item() == pytest.approx(entry['value'], rel=1e-5)
    for key, norm, first in zip(entry['inputs'], entry['grad_norms'], entry['grad_first'], strict=True):
        assert tensors[key].grad.norm().item() == pytest.approx(norm, rel=1e-4), key
        np.testing.assert_allclose(tensors[key].grad.flatten()[:3], first, rtol=1e-3, atol=1e-6, err_msg=key)


def options_of(argv):
    """Official command line as a dict of lists; the last of repeated options counts."""
    options, name = {}, None
    for word in argv:
        if re.fullmatch(r'--?[a-zA-Z]\w*', word):
            name = word.lstrip('-')
            options[name] = []
        else:
            options[name].append(word)
    return options


def adaptation_of(options):
    """Our ``adaptation`` for the official options."""
    def text(name, default='none'):
        return options.get(name, [default])[0]

    def weight(value, **settings):
        value = float(value)
        return value if value >= 0 else dict(type='SigmoidRamp', by_epoch=True, **settings)

    objectives = []
    if text('adv_DA') != 'none':
        objectives += [dict(type='FrameAdversarialLoss', places=[place], name=place)
                       for place, letter in zip(PLACES, options['place_adv'], strict=True) if letter == 'Y']
    gamma = float(text('gamma', 0))
    if text('ens_DA') == 'MCD':
        objectives.append(dict(type='ClassifierDiscrepancyLoss', places=['video'], replace_target=False))
    if text('add_loss_DA') == 'attentive_entropy' and text('use_attn') != 'none':
        objectives.append(dict(type='AttentiveEntropyLoss', places=['video'], loss_weight=gamma, name='entropy'))
    if text('add_loss_DA') == 'target_entropy':
        objectives.append(dict(type='TargetEntropyLoss', places=['video'], loss_weight=gamma))
    alpha = weight(text('alpha', 0), steepness=1.0)
    if text('dis_DA') == 'DAN':
        objectives += [dict(type='MMDLoss', places=['video'], of=of, num=num, loss_weight=alpha, name=of)
                       for (of, num), letter in zip((('logits', 2), ('features', 5)), options['place_dis'][:2],
                                                    strict=True) if letter == 'Y']
    if text('dis_DA') == 'JAN':
        objectives.append(dict(type='JointMMDLoss', places=['video'], rows='first', max_rows=None, loss_weight=alpha,
                               kernels=[dict(of='logits', num=2), dict(of='features', num=5)]))
    return dict(type='ClipDomainHeads', objectives=objectives, reverse_weight=float(text('mu', 0)),
                beta=[weight(value) for value in options.get('beta', ['0'] * 3)])


def _batch(inputs, labels, horizon):
    samples = [EgoExoDataSample() for _ in inputs]
    for sample, row in zip(samples, [] if labels is None else torch.from_numpy(labels), strict=labels is not None):
        setattr(sample, 'gt_class_targets' if horizon == 1 else 'gt_future_steps', row)
    return dict(inputs=inputs.transpose(1, 2), data_samples=samples)


def batches_of(entry):
    """Source and target batches in the order of the fixture's generator."""
    rng, planning = np.random.default_rng(entry['data_seed']), entry['kind'] == 'plan'
    for number in range(entry['n_batches']):
        short = entry['last_batch_short_by'] if number == entry['n_batches'] - 1 else 0
        sizes = [size - short for size in entry['batch']]
        inputs = [rng.standard_normal((size, 5, 768)).astype(np.float32) for size in sizes]
        if planning:
            labels = [rng.integers(0, 27, (size, 8)) for size in sizes]
            labels[0][0] = -1
        else:
            labels = [(rng.random((size, entry['num_class'])) < 0.08).astype(np.float32) for size in sizes]
        yield [_batch(torch.from_numpy(item), label, 8 if planning else 1)
               for item, label in zip(inputs, labels, strict=True)]


@pytest.mark.parametrize('name', STEPS)
def test_training_steps(name):
    entry = STEPS[name]
    options, horizon = options_of(entry['argv']), 8 if entry['kind'] == 'plan' else 1
    with_target = options['use_target'] != ['none']
    model, _ = build(
        keys_for(entry['num_class'], entry['model']), entry['seed_str'], entry['model'], horizon,
        adaptation=adaptation_of(options) if with_target else dict(type='ClipDomainHeads'),
        supervise_target=options['use_target'] == ['Sv'])
    loss = dict(type='MultiLabelCrossEntropy') if horizon == 1 else dict(type='FutureCrossEntropy', supervise='first')
    model.head.losses = torch.nn.ModuleList([MODELS.build(loss)])
    without_dropout(model)
    optimizer = torch.optim.SGD(model.parameters(), 3e-3, momentum=0.9, weight_decay=1e-4, nesterov=True)
    length, epoch = entry['n_batches'], entry['epoch']
    scheduler = DannLR(optimizer, epoch_length=length, end=entry['epochs'] * length)
    scheduler.last_step = scheduler._global_step = (epoch - 1) * length
    for number, (source, target) in enumerate(batches_of(entry)):
        expected, precision = entry['steps'][number], 1e-4 if number == 0 else 1e-3
        model.progress = TrainProgress((epoch - 1) * length + number, entry['epochs'] * length, epoch - 1,
                                       entry['epochs'])
        losses = model(mode='loss', source=source, target=target) if with_target else model(**source, mode='loss')
        found = [losses[key].item() for key in losses if key.startswith('loss_ce')]
        assert found == pytest.approx(expected['cls'], rel=precision)
        assert [losses[place].item() for place in PLACES if place in losses] == pytest.approx(
            expected.get('adv', []), rel=precision)
        if 'attentive_entropy' in expected:
            weighted = float(options['gamma'][0]) * expected['attentive_entropy'][0]
            assert losses['entropy'].item() == pytest.approx(weighted, rel=precision, abs=1e-7)
        optimizer.zero_grad()
        sum(losses.values()).backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), float(options['gd'][0]))
        assert norm.item() == pytest.approx(expected['grad_norm'], rel=precision)
        assert optimizer.param_groups[0]['lr'] == pytest.approx(expected['lr'], rel=1e-9)
        optimizer.step()
        scheduler.step()
        ours = _official_parameters(model)
        for key, value in expected['param_norms'].items():
            assert ours[key].double().norm().item() == pytest.approx(value, rel=1e-5), key
    for key, value in entry['final'].items():
        values = ours[key].detach().flatten()
        for part, slices in (('first', values[:len(value['first'])]), ('last', values[-len(value['last']):])):
            np.testing.assert_allclose(slices, value[part], rtol=1e-4, atol=1e-5, err_msg=f'{key} {part}')
