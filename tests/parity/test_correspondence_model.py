"""XSegTx, its loss, training steps, warm-up and checkpoints against numbers of the official code."""

import json
import re

import numpy as np
import pytest
import torch
from mmengine.optim import build_optim_wrapper
from parity_support import fill_state
from tests_support import parity_dir
from torch.nn import functional as F

from egoexo.checkpoints import moco
from egoexo.checkpoints.correspondence import from_official, official_key, to_official
from egoexo.checkpoints.correspondence_layout import CorrespondenceLayout, guess_layout, official_shapes
from egoexo.models.correspondence import sine_encoding
from egoexo.registry import MODELS, PARAM_SCHEDULERS
from egoexo.structures import EgoExoDataSample

OWNS = {'correspondence': ['xsegtx_480.npz', 'xsegtx_small.npz', 'xsegtx_*.keys.json', 'xsegtx_losses.json',
                           'xsegtx_losses.npz', 'xsegtx_trainstep_480.json', 'moco_to_xsegtx_backbone.json']}

ROOT = parity_dir('correspondence')
ATOL = 2e-5


def _json(name):
    return json.loads((ROOT / name).read_text())


def _arrays(name):
    with np.load(ROOT / name) as archive:
        return dict(archive)


FIXTURE = _json('fixture.json')
KEYS = {part: _json(f'xsegtx_{part}.keys.json') for part in ('backbone', 'encoder')}
LOSSES = _json('xsegtx_losses.json')
SMALL = _arrays('xsegtx_small.npz')


def official_state(seed_str):
    """Both entries of an official file as one dict; the rule of the weights knows the keys inside the entries."""
    return {f'{part}.{key}': value for part, keys in KEYS.items() for key, value in fill_state(keys, seed_str).items()}


def build(seed_str=FIXTURE['seed_str']['xsegtx'], **encoder):
    config = CorrespondenceLayout().model_config()
    config['encoder'] |= encoder
    model = MODELS.build(dict(type='XSegTx', data_preprocessor=dict(type='mmengine.BaseDataPreprocessor'), **config))
    model.load_state_dict(from_official(official_state(seed_str)), strict=True)
    return model


def close(found, expected, what, atol=ATOL):
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=0, atol=atol, err_msg=what)


def batch(query, target, mask, hidden=None):
    """One pair of pictures, normalised."""
    return dict(images=torch.cat([query, target]), query=torch.tensor([0]), target=torch.tensor([1]), query_mask=mask,
                hidden_tokens=hidden)


@pytest.fixture(scope='module')
def model():
    return build().eval()


def test_names_order_and_shapes(model):
    rows = [(f'{part}.{key}', tuple(shape)) for part, keys in KEYS.items() for key, shape, _ in keys]
    assert list(official_shapes(CorrespondenceLayout()).items()) == rows
    assert guess_layout(dict(rows)) == CorrespondenceLayout()
    official = official_state(FIXTURE['seed_str']['xsegtx'])
    back = to_official(model.state_dict())
    assert list(back) == [key for key, _ in rows]
    assert all(torch.equal(back[key], official[key]) for key in official)
    dtypes = {f'{part}.{key}': dtype for part, keys in KEYS.items() for key, _, dtype in keys}
    assert {key: str(value.dtype).removeprefix('torch.') for key, value in back.items()} == dtypes
    assert sum(parameter.numel() for parameter in model.backbone.parameters()) == 8_543_296
    parts = (model.encoder, model.decoder, model.visibility_head)
    assert sum(parameter.numel() for part in parts for parameter in part.parameters()) == 3_588_805


def test_backbone_from_moco():
    rows = _json('moco_to_xsegtx_backbone.json')
    assert len(rows) == len(KEYS['backbone'])
    state = {key: torch.tensor(float(number)) for number, (key, _) in enumerate(rows)}
    ours = {moco.our_key(key.removeprefix('module.')): value for key, value in state.items()}
    official = {f'backbone.{name}': number for number, (_, name) in enumerate(rows)}
    assert {official_key(key): int(value) for key, value in ours.items()} == official


@pytest.fixture(scope='module')
def pictures():
    """Two pictures and a mask of 480 pixels."""
    rng = np.random.default_rng(FIXTURE['xsegtx_480_input_seed'])

    def draw():
        coarse, fine = rng.standard_normal((1, 3, 30, 30)), rng.standard_normal((1, 3, 480, 480))
        return torch.from_numpy((1.5 * np.kron(coarse, np.ones((16, 16))) + 0.5 * fine).astype(np.float32))

    query, target = draw(), draw()
    mask = torch.zeros(1, 1, 480, 480)
    mask[..., 96:240, 120:280] = 1
    return query, target, mask


@torch.no_grad()
def test_whole_network(model, pictures):
    expected = _arrays('xsegtx_480.npz')
    query, target, mask = pictures
    maps = model.extract_maps(torch.cat([query, target, mask.expand(-1, 3, -1, -1)]))
    close(maps[:1, ::64, ::5, ::5], expected['feat_x'], 'picture')
    close(maps[2:, ::64, ::5, ::5], expected['feat_mask'], 'mask')
    hidden = torch.ones(1, 30, 30, dtype=torch.bool)
    hidden[:, 8:20, 5:18] = False
    index = torch.tensor([0]), torch.tensor([1])
    for prefix, tokens in (('', None), ('ymask_', hidden)):
        features = model.encoder(maps[:2], *index, maps[2:], tokens)
        found = [model.decoder(feature, all_channels=True).sigmoid().clamp(1e-7, 1 - 1e-7) for feature in features]
        visibility = model.visibility_head(features[1]).sigmoid()
        for view, name in zip(found, ('out1', 'out2'), strict=True):
            close(view[:, :, ::16, ::16], expected[prefix + name], prefix + name)
        close(visibility[:, None], expected[f'{prefix}cls'], f'{prefix}cls')
        if tokens is None:
            probs = [view[:, 2].double().mean() for view in found]
            assert probs[0].item() == pytest.approx(float(expected['out1_mask_mean']), abs=1e-5)
            assert probs[1].item() == pytest.approx(float(expected['out2_mask_mean']), abs=1e-5)
            assert int((found[1][:, 2] > 0.5).sum()) == int(expected['out2_bin_area'])
        query_map, target_map, judged = model(batch(*pictures, tokens))
        close(query_map, found[0][:, 2:3].numpy(), 'mask channel of the query view', 1e-6)
        close(target_map, found[1][:, 2:3].numpy(), 'mask channel of the target view', 1e-6)
        close(judged, visibility.numpy(), 'visibility', 1e-6)


@torch.no_grad()
def test_prediction(model, pictures):
    expected = _arrays('xsegtx_480.npz')
    hidden = torch.ones(1, 30, 30, dtype=torch.bool)
    sample, = model.predict(batch(*pictures, hidden), [EgoExoDataSample(metainfo=dict(target_size=(480, 480)))])
    # As at test time of the official code, nothing is hidden.
    assert int(sample.pred_target_mask.sum()) == int(expected['out2_bin_area'])
    assert sample.pred_confidence.item() == pytest.approx(float(expected['cls'].item()), abs=ATOL)


@torch.no_grad()
def test_stages_of_small_pictures(model):
    query, target, mask = (torch.from_numpy(SMALL[name]) for name in ('x', 'y', 'mask'))
    maps = model.extract_maps(torch.cat([query, target, mask.expand(-1, 3, -1, -1)]))
    for row, name in enumerate(('feat_x', 'feat_y', 'feat_mask')):
        close(maps[row:row + 1, ::16], SMALL[name], name)
    projected = model.encoder.feat_proj(maps)
    close(projected[:1], SMALL['proj_x'], 'projected picture')
    close(projected[2:], SMALL['proj_mask'], 'projected mask')
    for block, views in enumerate(zip(*block_outputs(model.encoder, maps), strict=True)):
        for view, name in zip(views, ('x', 'y'), strict=True):
            close(view, SMALL[f'block{block}_{name}'], f'block {block}, {name}')
    features = model.encoder(maps[:2], torch.tensor([0]), torch.tensor([1]), maps[2:])
    for feature, name in zip(features, ('dec_x', 'dec_y'), strict=True):
        close(model.decoder(feature, all_channels=True).sigmoid().clamp(1e-7, 1 - 1e-7)[..., ::2, ::2], SMALL[name],
              name)
    close(F.relu(model.visibility_head.conv(features[1])), SMALL['cls_conv_relu'], 'visibility')


def block_outputs(encoder, maps):
    """Maps of the query view and of the target view behind each released block, which is two of our layers."""
    last = [encoder.layers[1].cross_attention, encoder.layers[3].cross_attention, encoder.layers[4].self_attention]
    kept = []
    handles = [module.register_forward_hook(lambda *call: kept.append(call[-1])) for module in last]
    encoder(maps[:2], torch.tensor([0]), torch.tensor([1]), maps[2:])
    for handle in handles:
        handle.remove()
    kept = [tokens.transpose(1, 2).unflatten(-1, maps.shape[-2:]) for tokens in kept]
    return [both[:1] for both in kept], [both[1:] for both in kept]


@torch.no_grad()
def test_single_layers_with_hidden_tokens(model):
    channels, *size = SMALL['L_a'].shape[1:]

    def tokens(name):
        return torch.from_numpy(SMALL[f'L_{name}']).flatten(2).transpose(1, 2)

    def check(found, kind):
        for view, name in zip(found.transpose(1, 2).unflatten(-1, size).chunk(2), ('a', 'b'), strict=True):
            close(view, SMALL[f'L_{kind}_{name}'], f'{kind}, {name}')

    hidden = torch.cat([torch.from_numpy(SMALL[f'L_{name}']).flatten(1) for name in ('ka', 'kb')])
    cross, inner = model.encoder.layers[1], model.encoder.layers[2]
    check(cross.cross_attention(torch.cat([tokens('a'), tokens('b')]), hidden, swap=True), 'cross')
    both = torch.cat([inner.mask_attention(tokens('a'), context=tokens('m')), tokens('b')])
    position = model.encoder.pos_weight * sine_encoding(*size, channels).flatten(1).T
    check(inner.self_attention(both + position, hidden), 'inner')


@pytest.mark.parametrize('name', [name for name in SMALL if name.startswith('pe_')])
def test_positions(name):
    height, width, part = re.fullmatch(r'pe_(\d+)x(\d+)(_sub)?', name).groups()
    found = sine_encoding(int(height), int(width), SMALL['L_a'].shape[1])[None]
    close(found[:, ::8, ::3, ::3] if part else found[:, ::4], SMALL[name], name)


@pytest.mark.parametrize('case', LOSSES['cases'], ids=lambda case: str(case['case']))
def test_losses_and_gradients(case):
    archive = _arrays('xsegtx_losses.npz')
    arrays = {key.removeprefix(f'c{case["case"]}_'): torch.from_numpy(value) for key, value in archive.items()
              if key.startswith(f'c{case["case"]}_')}
    logits = [arrays[name].requires_grad_() for name in ('logit1', 'logit2', 'logit_cls')]
    maps = [value.sigmoid().clamp(1e-7, 1 - 1e-7)[:, 2:3] for value in logits[:2]]
    losses = MODELS.build(dict(type='PairMaskLoss'))(
        *maps, logits[2].sigmoid(), arrays['target1'], arrays['target2'], ~arrays['negative'])
    total = sum(value for key, value in losses.items() if key.startswith('loss'))
    for key, name in (('mask', 'loss_mask'), ('dice', 'loss_dice'), ('cls', 'loss_visibility'),
                      ('acc_pos', 'acc_pos'), ('acc_neg', 'acc_neg')):
        assert losses[name].item() == pytest.approx(case[key], rel=1e-6), key
    assert losses['acc'].item() == pytest.approx((case['acc_pos'] + case['acc_neg']) / 2, rel=1e-6)
    assert total.item() == pytest.approx(case['total'], rel=1e-6)
    assert case['val_total'] == case['total']  # the official validation computes the same
    total.backward()
    for value, key, norm in zip(logits, ('grad1', 'grad2', 'grad_cls'), case['grad_norms'], strict=True):
        torch.testing.assert_close(value.grad, arrays[key], rtol=1e-6, atol=1e-9, msg=key)
        assert value.grad.norm().item() == pytest.approx(norm, rel=1e-6)


def test_official_validation_score_is_no_iou():
    """``val mIoU`` divides by all pixels, since every clamped probability is above 0. We report the real metric."""
    archive = _arrays('xsegtx_losses.npz')
    for case in LOSSES['cases']:
        prefix = f'c{case["case"]}_'
        probs, target = archive[f'{prefix}logit2'][:, 2], archive[f'{prefix}target2'][:, 0]
        shares = ((1 / (1 + np.exp(-probs)) > 0.1) & (target == 1)).mean((1, 2))[~archive[f'{prefix}negative']]
        assert shares.mean() == pytest.approx(case['val_miou_buggy'], rel=1e-5)


def test_two_training_steps():
    run = _json('xsegtx_trainstep_480.json')
    model = build(run['seed_str'], dropout=0.0, drop_feat=0.0).train()
    rng = np.random.default_rng(run['seed'])
    query, target = (torch.from_numpy(rng.standard_normal((1, 3, 480, 480)).astype(np.float32)) for _ in range(2))
    query_mask, target_mask = torch.zeros(1, 1, 480, 480), torch.zeros(480, 480, dtype=torch.bool)
    boxes = [list(map(int, box)) for box in re.findall(r't\d rows (\d+):(\d+) cols (\d+):(\d+)', run['note'])]
    for mask, (top, bottom, left, right) in zip((query_mask, target_mask), boxes, strict=True):
        mask[..., top:bottom, left:right] = 1
    sample = EgoExoDataSample(gt_target_mask=target_mask, gt_visible=torch.tensor(True))
    data = dict(inputs=batch(query, target, query_mask), data_samples=[sample])
    before = model.backbone.state_dict()['layer3.5.conv3.bn.running_mean'].clone()
    optim_wrapper = build_optim_wrapper(model, dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=2e-4)))
    gradients = []
    optim_wrapper.optimizer.register_step_pre_hook(lambda *_: gradients.append(
        {key: value.grad.norm() for key, value in model.named_parameters() if value.grad is not None}))
    for step in range(2):
        found = model.train_step(data, optim_wrapper)
        for key, name in (('train_loss', 'loss'), ('train_mask_loss', 'loss_mask'), ('train_dice_loss', 'loss_dice'),
                          ('train_cls_loss', 'loss_visibility'), ('train_acc', 'acc'), ('train_acc_pos', 'acc_pos'),
                          ('train_acc_neg', 'acc_neg')):
            number, expected = run['scalars'][key][step]
            assert number == step
            assert found[name].item() == pytest.approx(expected, rel=1e-4, abs=1e-6), (key, step)
    first = {official_key(key): norm.item() for key, norm in gradients[0].items()}
    assert first == pytest.approx({f'encoder.{key}': norm for key, norm in run['grad_norm_first_step'].items()},
                                  rel=1e-4, abs=1e-7)
    after = {official_key(key): value.norm().item() for key, value in model.named_parameters() if key in gradients[0]}
    assert after == pytest.approx({f'encoder.{key}': norm for key, norm in run['param_norm_after'].items()}, rel=1e-4)
    assert len(first) == len(after) == len(KEYS['encoder'])
    assert torch.equal(before, model.backbone.state_dict()['layer3.5.conv3.bn.running_mean'])


def test_warm_up():
    trace = next(value for key, value in LOSSES.items() if key.startswith('warmup_'))
    rates = trace['lr_used'][:1]
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=rates[0])
    scheduler = PARAM_SCHEDULERS.build(dict(type='ReleasedWarmupLR', optimizer=optimizer, by_epoch=False,
                                            warmup_iters=len(trace['lr_used'])))
    for _ in range(len(trace['lr_used']) + 5):
        optimizer.step()
        scheduler.step()
        rates.append(optimizer.param_groups[0]['lr'])
    assert rates[:len(trace['lr_used'])] == pytest.approx(trace['lr_used'], rel=1e-12)
    assert rates[len(trace['lr_used']):] == pytest.approx([trace['lr_after']] * 6, rel=1e-12)
