"""SlowFast, its heads, losses, training steps and rates against numbers of the official code."""

import json
import math
import re

import numpy as np
import pytest
import torch
from mmengine.optim import build_optim_wrapper
from parity_support import fill_state
from tests_support import parity_dir
from torch.nn import functional as F

from egoexo.checkpoints.slowfast import official_key, our_key
from egoexo.models.backbones.slowfast import slow_frames
from egoexo.models.recognition.interaction_map_head import draw_maps
from egoexo.registry import MODELS, PARAM_SCHEDULERS
from egoexo.structures import EgoExoDataSample

OWNS = {'recognition': ['r50_64.npz', 'r50_full*.npz', 'r101_64.npz', 'tiny_*', 'kd_loss.npz', 'handobj_loss.npz',
                        'lr.json', 'models_summary.json']}

ROOT = parity_dir('recognition')

def _json(name):
    return json.loads((ROOT / name).read_text())


def _arrays(name):
    with np.load(ROOT / name) as archive:
        return dict(archive)


def _options(meta):
    return dict(zip(meta['opts'][::2], meta['opts'][1::2], strict=True))


def config(meta, **changes):
    """Model of the official options."""
    options = _options(meta)
    depth = 101 if 'R101' in meta.get('config', '') else 50
    verbs, nouns = json.loads(options.get('MODEL.NUM_CLASSES_LIST', '[97, 300]'))
    return dict(
        type='ClipRecognizer', data_preprocessor=dict(type='mmengine.BaseDataPreprocessor'),
        backbone=dict(type='SlowFast', depth=depth, base_channels=int(options.get('RESNET.WIDTH_PER_GROUP', 64)),
                      fusion_kernel=int(options.get('SLOWFAST.FUSION_KERNEL_SZ', 7 if depth == 50 else 5))),
        cls_head=dict(type='MultiTaskHead', num_classes=dict(verb=verbs, noun=nouns), pool='window',
                      window=int(options.get('DATA.CROP_SIZE', 224)) // 32,
                      dropout=float(options.get('MODEL.DROPOUT_RATE', 0.5)))) | changes


def official_keys(model):
    """(official key, shape, dtype) of every tensor of ours; the released lists are compared with the converter."""
    return [(official_key(key), tuple(value.shape), str(value.dtype).removeprefix('torch.'))
            for key, value in model.state_dict().items()]


def build(meta, **changes):
    """Model with the official weights."""
    model = MODELS.build(config(meta, **changes))
    weights = fill_state(official_keys(model), meta['seed_str'])
    model.load_state_dict({our_key(key): value for key, value in weights.items()}, strict=True)
    return model, weights


def draw(seed, shape):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def close(found, expected, what, **tolerance):
    np.testing.assert_allclose(np.asarray(found), expected, err_msg=what, **tolerance)


@pytest.mark.parametrize('name', [
    'tiny_32', 'tiny_fullyconv_32in64', 'r50_64',
    *(pytest.param(name, marks=pytest.mark.slow) for name in ('r50_fullyconv_64in96', 'r101_64', 'r50_full_224in256'))])
@torch.no_grad()
def test_features_and_scores(name):
    expected = _arrays(f'{name}.npz')
    meta = json.loads(str(expected['meta']))
    model, _ = build(meta)
    model.eval()
    stages = {}
    slow, fast = model.backbone.slow_path, model.backbone.fast_path
    for row, path in enumerate((slow, fast)):
        path.maxpool.register_forward_hook(keep(stages, f's1.{row}'))
        for number in range(1, 5):
            getattr(path, f'layer{number}').register_forward_hook(keep(stages, f's{number + 1}.{row}'))
    clips = draw(meta['input_seed'], meta['input_shape'])
    features = model.extract(clips)
    for stage, value in stages.items():
        check_stage(value, stage, expected)
    close(model.extract_features(clips), expected['feat'], 'features', rtol=1e-5, atol=2e-6)
    for kind, scores in (('prob', model.cls_head.scores(features)), ('logit', model(clips))):
        for task in ('verb', 'noun'):
            close(scores[task], expected[f'{task}_{kind}'], f'{task} {kind}', rtol=0,
                  atol=1e-6 if kind == 'prob' else 3e-5)


def keep(stages, name):
    def hook(_, inputs, output):
        stages[name] = output

    return hook


def check_stage(value, stage, expected):
    assert tuple(value.shape) == tuple(expected[f'{stage}.shape'])
    stat = [value.double().mean().item(), value.double().std().item(), value.abs().max().item()]
    close(stat, expected[f'{stage}.stat'], stage, rtol=1e-5, atol=1e-6)
    close(value.flatten()[:16], expected[f'{stage}.head'], stage, rtol=1e-5, atol=5e-6)


class Official:
    """The released network in plain functions, with the released names; for evaluation."""

    def __init__(self, weights):
        self.weights = weights

    def conv(self, values, conv, norm, stride=(1, 1, 1), relu=True):
        weight = self.weights[f'{conv}.weight']
        values = F.conv3d(values, weight, stride=stride, padding=tuple(size // 2 for size in weight.shape[2:]))
        mean, var, scale, shift = (self.weights[f'{norm}.{part}']
                                   for part in ('running_mean', 'running_var', 'weight', 'bias'))
        values = F.batch_norm(values, mean, var, scale, shift, eps=1e-5)
        return values.relu() if relu else values

    def stem(self, values, pathway):
        name = f's1.pathway{pathway}_stem'
        return F.max_pool3d(self.conv(values, f'{name}.conv', f'{name}.bn', (1, 2, 2)), (1, 3, 3), (1, 2, 2),
                            (0, 1, 1))

    def stage(self, values, number, pathway):
        block = 0
        while f's{number}.pathway{pathway}_res{block}.branch2.a.weight' in self.weights:
            name = f's{number}.pathway{pathway}_res{block}.branch'
            stride = (1, 2, 2) if block == 0 and number > 2 else (1, 1, 1)
            inner = self.conv(values, f'{name}2.a', f'{name}2.a_bn')
            inner = self.conv(inner, f'{name}2.b', f'{name}2.b_bn', stride)
            inner = self.conv(inner, f'{name}2.c', f'{name}2.c_bn', relu=False)
            if block == 0:
                values = self.conv(values, f'{name}1', f'{name}1_bn', stride, relu=False)
            values, block = (values + inner).relu(), block + 1
        return values

    def __call__(self, clips):
        slow = torch.linspace(0, clips.shape[2] - 1, clips.shape[2] // 4).long()
        pathways = [self.stem(torch.index_select(clips, 2, slow), 0), self.stem(clips, 1)]
        for number in range(1, 5):
            name = f's{number}_fuse'
            lateral = self.conv(pathways[1], f'{name}.conv_f2s', f'{name}.bn', (4, 1, 1))
            pathways[0] = torch.cat([pathways[0], lateral], 1)
            pathways = [self.stage(values, number + 1, row) for row, values in enumerate(pathways)]
        return pathways


@torch.no_grad()
def test_features_to_the_last_bit():
    """The fixtures were made on another processor; here both networks run on this one."""
    meta = json.loads(str(_arrays('tiny_32.npz')['meta']))
    model, weights = build(meta)
    clips = draw(meta['input_seed'], meta['input_shape'])
    for found, expected in zip(model.eval().extract(clips), Official(weights)(clips), strict=True):
        assert torch.equal(found, expected)


@pytest.mark.parametrize('case', _json('sampling.json')['slow_index'].items(), ids=str)
def test_slow_frames(case):
    num_frames, alpha = map(int, re.findall(r'\d+', case[0]))
    assert slow_frames(num_frames, alpha) == case[1]


@pytest.mark.parametrize(('name', 'heads', 'changes'), [
    ('slowfast_r50_mt_epic100', dict(verb=97, noun=300), {}),
    ('slowfast_r101_mt_epic100', dict(verb=97, noun=300), {}),
    ('slowfast_r50_mt_epic55', dict(verb=125, noun=352), {}),
    ('egoexo_star_r50_epic100', dict(verb=97, noun=300), dict(auxiliary_head=dict(type='InteractionMapHead'))),
    ('egoexo_pretrain_r50_k400', dict(action=400, ego=2, object=1000),
     dict(auxiliary_head=dict(type='InteractionMapHead'))),
    ('egoexo_pretrain_slow_r50_k400', dict(action=400, ego=2, object=1000),
     dict(auxiliary_head=dict(type='InteractionMapHead', alpha=1), backbone=dict(type='mmaction.ResNet3dSlowOnly')))])
def test_number_of_tensors_and_parameters(name, heads, changes):
    expected = _json('models_summary.json')[name]
    settings = config(dict(config='R101' if 'r101' in name else 'R50', opts=[])) | changes
    channels = (2048,) if '_slow_' in name else (2048, 256)
    settings['cls_head'] = dict(type='MultiTaskHead', num_classes=heads, in_channels=channels)
    with torch.device('meta'):
        model = MODELS.build(settings)
    assert len(model.state_dict()) == expected['n_keys']
    assert sum(parameter.numel() for parameter in model.parameters()) == expected['params']


def test_four_training_steps():
    """The first step to the digits of the fixture, the rule of the steps exactly.

    Losses of the later steps depend on the processor: a relative change of the weights by 1e-7 moves them by a third.
    """
    run = _json('tiny_train.json')
    model, _ = build(run)
    optim_wrapper = build_optim_wrapper(model.train(), dict(
        type='OptimWrapper', optimizer=dict(type='SGD', lr=run['base_lr'], momentum=0.9, nesterov=True,
                                            weight_decay=1e-4),
        paramwise_cfg=dict(norm_decay_mult=0.0)))
    rule = ReleasedSteps(model)
    optim_wrapper.optimizer.register_step_pre_hook(lambda *_: rule.step(optim_wrapper.param_groups[0]['lr']))
    options = _options(run)
    shape = (4, 3, int(options['DATA.NUM_FRAMES']), *[int(options['DATA.CROP_SIZE'])] * 2)
    for step, (rate, *losses) in enumerate(run['lr_verbloss_nounloss_total']):
        rng = np.random.default_rng(run['label_seeds'][step])
        labels = [rng.integers(0, count, 4) for count in (7, 11)]
        samples = [EgoExoDataSample(gt_verb_label=torch.tensor(verb), gt_noun_label=torch.tensor(noun))
                   for verb, noun in zip(*labels, strict=True)]
        for group in optim_wrapper.param_groups:
            group['lr'] = rate
        found = model.train_step(dict(inputs=draw(run['input_seeds'][step], shape), data_samples=samples),
                                 optim_wrapper)
        assert [found[name].item() for name in ('loss_verb', 'loss_noun', 'loss')] == pytest.approx(
            losses, rel=0.5 if step else 1e-5)
        for key, value in model.named_parameters():
            torch.testing.assert_close(value.data, rule.values[key], rtol=1e-6, atol=1e-6, msg=key)
            rule.values[key] = value.data.clone()
    # Sums that cancel are near zero; the largest norm is 2604.
    assert rule.norms == pytest.approx({our_key(key): norm for key, norm in run['grad_norm_step0'].items()},
                                       rel=1e-3, abs=1e-4)
    after = {our_key(key): norm for key, norm in run['state_norm_after'].items()}
    found = {key: value.double().norm().item() for key, value in model.state_dict().items()}
    assert found.keys() == after.keys()
    weights = [key for key in after if re.search(r'conv\.weight|fc_|num_batches', key)]
    assert {key: found[key] for key in weights} == pytest.approx({key: after[key] for key in weights}, rel=0.02)


class ReleasedSteps:
    """SGD with Nesterov momentum 0.9 and a weight decay of 1e-4 that spares what is called "bn", written out."""

    def __init__(self, model):
        self.model, self.momenta, self.norms = model, {}, None
        self.values = {key: value.data.clone() for key, value in model.named_parameters()}

    def step(self, rate):
        gradients = {key: value.grad for key, value in self.model.named_parameters()}
        self.norms = self.norms or {key: value.norm().item() for key, value in gradients.items()}
        for key, gradient in gradients.items():
            gradient = gradient + (0 if '.bn.' in key else 1e-4) * self.values[key]
            momentum = gradient + 0.9 * self.momenta.get(key, 0)
            self.momenta[key] = momentum
            self.values[key] = self.values[key] - rate * (gradient + 0.9 * momentum)


def boxes_of(archive, kind):
    return [torch.from_numpy(archive[f'{kind}{row}']) for row in range(2)]


def test_star_model():
    expected = _arrays('tiny_star.npz')
    archive = _arrays('handobj_loss.npz')
    meta = json.loads(str(expected['meta']))
    model, _ = build(meta, auxiliary_head=dict(type='InteractionMapHead', channels=24))
    clips = draw(meta['input_seed'], meta['input_shape'])
    features = model.train().extract(clips)
    logits = model.cls_head(features)
    close(model.auxiliary_head(features).detach(), expected['map_slow'], 'maps', rtol=0, atol=1e-4)
    samples = [EgoExoDataSample(gt_verb_label=torch.tensor(0), gt_noun_label=torch.tensor(0), gt_hand_boxes=hands,
                                gt_object_boxes=objects)
               for hands, objects in zip(boxes_of(archive, 'hand'), boxes_of(archive, 'obj'), strict=True)]
    losses = model.loss(clips, samples)
    for task in ('verb', 'noun'):
        close(logits[task].detach(), expected[task], task, rtol=0, atol=1e-4)
    assert losses['loss_hand'].item() == pytest.approx(float(expected['hand_loss']), abs=1e-4)
    assert losses['loss_object'].item() == pytest.approx(float(expected['obj_loss']), abs=1e-4)


def test_interaction_maps_and_their_losses():
    archive = _arrays('handobj_loss.npz')
    result = json.loads(str(archive['result']))
    every, slow = list(range(8)), slow_frames(8, 4)
    frames_of = {0: slow, 1: every, -1: slow + every}
    checked = 0
    for key, expected in result.items():
        if key.startswith('targets_'):
            found = torch.stack([draw_maps(boxes, every, 7, key == 'targets_soft')
                                 for boxes in boxes_of(archive, 'hand')])
            assert torch.equal(found, torch.tensor(expected, dtype=torch.float32)), key
            continue
        mode, pathway, weight = key.split('_')
        maps = [torch.from_numpy(archive[name]) for name in ('slow', 'fast')]
        maps = torch.cat(maps, 2) if pathway == '-1' else maps[int(pathway)]
        targets = torch.stack([torch.stack([
            torch.cat([draw_maps(boxes, [frame], 7, mode == 'soft') for frame in frames_of[int(pathway)]])
            for boxes in clip]) for clip in zip(boxes_of(archive, 'hand'), boxes_of(archive, 'obj'), strict=True)])
        loss = MODELS.build(dict(type='InteractionMapLoss', hand_weight=1, object_weight=1,
                                 positive_weight=float(weight)))
        found = loss(maps, targets)
        found = dict(hand_loss=found['loss_hand'].item(), obj_loss=found['loss_object'].item())
        assert found == pytest.approx(expected, abs=1e-6), key
        checked += 1
    assert checked == len(result) - 2


def test_distillation():
    archive = _arrays('kd_loss.npz')
    teacher, weight = torch.from_numpy(archive['teacher']), torch.from_numpy(archive['weight'])
    for alpha, temperature, mode, expected, norm in json.loads(str(archive['result'])):
        student = torch.from_numpy(archive['student']).requires_grad_()
        loss = MODELS.build(dict(type='DistillationLoss', alpha=alpha, temperature=temperature,
                                 weighting=None if mode == 'none' else mode))
        found = loss(student, teacher, weight)
        found.backward()
        assert (found.item(), student.grad.norm().item()) == pytest.approx((expected, norm), rel=1e-5)


def rates(count, steps_per_epoch, scheduler, base):
    """Rate of every step, as a runner sets it."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base)
    by_step = scheduler.pop('convert_to_iter_based', False)
    kind = PARAM_SCHEDULERS.get(scheduler['type'])
    settings = {key: value for key, value in scheduler.items() if key != 'type'}
    built = (kind.build_iter_from_epoch(optimizer, end=count // steps_per_epoch, epoch_length=steps_per_epoch,
                                        **settings) if by_step else kind(optimizer, **settings))
    found = []
    for step in range(count):
        found.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        if by_step or (step + 1) % steps_per_epoch == 0:
            built.step()
    return found


def test_rates():
    expected = _json('lr.json')
    settings = expected['epic_cfg']
    gamma = settings['lrs'][1]
    found = rates(30_000, 1000, dict(type='MultiStepLR', milestones=settings['steps'][1:], gamma=gamma),
                  settings['base'])
    for epoch, rate in expected['epic_steps']:
        assert found[math.floor(epoch * 1000)] == pytest.approx(rate, rel=1e-12), epoch
    settings = expected['k400_cfg']
    found = rates(2000, 10, dict(type='WarmupCosineLR', warmup=settings['warm'],
                                 start_factor=settings['warm_start'] / settings['base'], by_epoch=True,
                                 convert_to_iter_based=True), settings['base'])
    for epoch, rate in expected['k400_cosine_warmup']:
        assert found[round(epoch * 10)] == pytest.approx(rate, rel=1e-12), epoch
