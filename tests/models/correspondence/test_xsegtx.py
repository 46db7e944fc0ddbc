import pytest
import torch
from mmengine.optim import build_optim_wrapper
from models.correspondence.xsegtx_support import CONFIG, SIZE, TOKENS, build_model, make_batch, total_loss

from egoexo.errors import CheckpointError, ConfigError, DataError
from egoexo.structures import EgoExoDataSample


def prepared(model, **options):
    return model.data_preprocessor(make_batch(**options))


@pytest.fixture()
def model():
    return build_model().eval()


def test_probabilities(model):
    data = prepared(model, count=3)
    maps = model(data['inputs'])
    assert [value.shape for value in maps] == [(3, 1, SIZE, SIZE)] * 2 + [(3,)]
    assert all(value.dtype == torch.float32 and value.min() > 0 and value.max() < 1 for value in maps)
    with torch.no_grad():
        model.decoder.deconv2.bias.fill_(100)
        query_map, *_ = model(data['inputs'])
    assert query_map.min().item() == query_map.max().item() == pytest.approx(1 - 1e-7, abs=3e-8)


def test_losses(model):
    data = prepared(model, count=3, visible=[True, False, True])
    losses = model(**data, mode='loss')
    maps = model(data['inputs'])
    target = torch.stack([sample.gt_target_mask for sample in data['data_samples']])
    expected = model.loss_function(*maps, data['inputs']['query_mask'], target, torch.tensor([True, False, True]))
    assert list(losses) == ['loss_mask', 'loss_dice', 'loss_visibility', 'acc', 'acc_pos', 'acc_neg']
    torch.testing.assert_close(losses, expected)
    total, logged = model.parse_losses(losses)
    assert total.item() == pytest.approx(total_loss(losses).item()) and 'acc_neg' in logged


def test_a_batch_without_a_visible_object_trains():
    model = build_model().train()
    optim_wrapper = build_optim_wrapper(model, dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3)))
    losses = model.train_step(make_batch(visible=[False, False]), optim_wrapper)
    assert losses['loss_mask'] == losses['loss_dice'] == 0 and losses['loss'] == losses['loss_visibility'] > 0
    assert all(torch.isfinite(value).all() for value in model.state_dict().values())


@pytest.mark.parametrize(('target_size', 'shape'), [
    ((SIZE, SIZE), (SIZE, SIZE)), ((540, 960), (18, 32)), ((960, 540), (32, 18)), ((1408, 1408), (32, 32))])
def test_predictions_lose_their_padding(model, target_size, shape):
    data = prepared(model, target_size=target_size)
    _, target_map, visibility = model(data['inputs'])
    samples = model(**data, mode='predict')
    assert [sample.sample_id for sample in samples] == ['0', '1']
    top, left = ((SIZE - side) // 2 for side in shape)
    for row, sample in enumerate(samples):
        window = target_map[row, 0, top:top + shape[0], left:left + shape[1]]
        assert sample.pred_target_mask.dtype == torch.bool and sample.pred_target_mask.shape == shape
        assert torch.equal(sample.pred_target_mask, window > 0.5)
        torch.testing.assert_close(sample.pred_confidence, visibility[row].detach())


def test_a_prediction_does_not_depend_on_its_batch(model):
    data = prepared(model, count=3)
    together = model(**data, mode='predict')
    single = dict(images=data['inputs']['images'][[1, 4]], query=torch.tensor([0]), target=torch.tensor([1]),
                  query_mask=data['inputs']['query_mask'][1:2], hidden_tokens=None)
    alone, = model.predict(single, [EgoExoDataSample(metainfo=dict(target_size=(SIZE, SIZE)))])
    torch.testing.assert_close(alone.pred_confidence, together[1].pred_confidence)
    assert (alone.pred_target_mask != together[1].pred_target_mask).float().mean() < 0.01


def test_only_the_mask_of_the_query_is_attended_to():
    """Target maps depend on the query picture through the tokens of its mask alone; an empty mask hides nothing."""
    def target_map(hide_query, mask):
        batch = make_batch(1)
        batch['inputs']['query_mask'] = mask
        model = build_model(dict(layers='C'), hide_query=hide_query).eval()
        batch = model.data_preprocessor(batch)
        return model, batch['inputs'], model.encode(batch['inputs'])[1]

    mask = torch.zeros(1, 1, SIZE, SIZE, dtype=torch.uint8)
    mask[..., 5, 9] = 1  # a pixel of the token in row 1, column 2
    model, inputs, hidden = target_map(True, mask)
    expected = torch.ones(1, TOKENS, TOKENS, dtype=torch.bool)
    expected[0, 1, 2] = False
    maps = model.extract_maps(torch.cat([inputs['images'], inputs['query_mask'].expand(-1, 3, -1, -1)]))
    by_hand = model.encoder(maps[:2], inputs['query'], inputs['target'], maps[2:], inputs['hidden_tokens'], expected)
    torch.testing.assert_close(hidden, by_hand[1])
    assert not torch.allclose(hidden, target_map(False, mask)[2])
    torch.testing.assert_close(target_map(True, 0 * mask)[2], target_map(False, 0 * mask)[2])


def test_threshold():
    model = build_model(threshold=0.0).eval()
    assert all(sample.pred_target_mask.all() for sample in model(**prepared(model), mode='predict'))


def test_nothing_is_hidden_in_predictions(model):
    data = prepared(model)
    plain = model(data['inputs'])
    expected = [sample.pred_confidence.clone() for sample in model(**data, mode='predict')]
    data['inputs']['hidden_tokens'] = torch.rand(2, 8, 8) > 0.3
    assert not torch.allclose(model(data['inputs'])[1], plain[1])
    found = [sample.pred_confidence for sample in model(**data, mode='predict')]
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_pictures_are_encoded_once(model):
    """Shared pictures give what copies give."""
    data = prepared(model, count=3)
    inputs = data['inputs'] | dict(query=torch.tensor([0, 0, 1]), target=torch.tensor([2, 1, 2]))
    seen = []
    handle = model.backbone.register_forward_pre_hook(lambda _, pictures: seen.append(len(pictures[0])))
    shared = model(inputs | dict(images=inputs['images'][:3]))
    handle.remove()
    assert sum(seen) == 3 + 3  # three pictures and three masks
    copied = model(inputs | dict(images=inputs['images'][[0, 0, 1, 2, 1, 2]], query=torch.arange(3),
                                 target=torch.arange(3, 6)))
    torch.testing.assert_close(shared, copied)


def test_a_frozen_backbone_stays_as_it_is():
    model = build_model().train()
    assert not any(module.training for module in model.backbone.modules()) and model.encoder.training
    before = {key: value.clone() for key, value in model.backbone.state_dict().items()}
    optim_wrapper = build_optim_wrapper(model, dict(type='OptimWrapper', optimizer=dict(
        type='Adam', lr=1e-3, weight_decay=0.1)))
    model.train_step(make_batch(), optim_wrapper)
    assert all(torch.equal(value, before[key]) for key, value in model.backbone.state_dict().items())
    assert not model.extract_maps(torch.randn(1, 3, SIZE, SIZE)).requires_grad


def test_a_free_backbone_learns():
    model = build_model(freeze_backbone=False).train()
    assert model.backbone.training
    losses = model(**prepared(model), mode='loss')
    total_loss(losses).backward()
    missing = [key for key, parameter in model.named_parameters() if parameter.grad is None]
    assert missing == [] and model.backbone.conv1.conv.weight.grad.abs().sum() > 0


def test_maps_have_unit_length(model):
    maps = model.extract_maps(torch.randn(2, 3, SIZE, SIZE))
    torch.testing.assert_close(maps.norm(dim=1), torch.ones(2, 8, 8))


def test_every_trained_parameter_has_a_gradient():
    model = build_model().train()
    total_loss(model(**prepared(model), mode='loss')).backward()
    frozen = {key for key, parameter in model.named_parameters() if parameter.grad is None}
    assert frozen == {f'backbone.{key}' for key, _ in model.backbone.named_parameters()}


def test_accumulated_gradients_equal_those_of_a_large_batch():
    """All pairs visible, so that both parts divide by the same numbers."""
    model = build_model(encoder=dict(dropout=0.0, drop_feat=0.0)).train()
    data = prepared(model, count=4)
    total_loss(model(**data, mode='loss')).backward()
    expected = {key: parameter.grad.clone() for key, parameter in model.named_parameters() if parameter.requires_grad}
    model.zero_grad()
    for rows in ([0, 1], [2, 3]):
        inputs = data['inputs'] | dict(query=data['inputs']['query'][rows], target=data['inputs']['target'][rows],
                                       query_mask=data['inputs']['query_mask'][rows],
                                       hidden_tokens=data['inputs']['hidden_tokens'][rows])
        (total_loss(model(inputs, [data['data_samples'][row] for row in rows], mode='loss')) / 2).backward()
    for key, value in expected.items():
        torch.testing.assert_close(model.get_parameter(key).grad, value, rtol=1e-3, atol=1e-6, msg=key)


def test_low_precision():
    model = build_model(encoder=dict(dropout=0.0, drop_feat=0.0)).train()
    data = prepared(model)
    expected = total_loss(model(**data, mode='loss'))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = model(**data, mode='loss')
        filled = model(**data, mode='predict')
    assert all(value.dtype == torch.float32 for value in losses.values())
    assert filled[0].pred_confidence.dtype == torch.float32
    torch.testing.assert_close(total_loss(losses), expected, rtol=0.02, atol=0.02)
    total_loss(losses).backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters() if parameter.requires_grad)


def test_one_step_lowers_the_loss():
    model = build_model(encoder=dict(dropout=0.0, drop_feat=0.0)).train()
    optim_wrapper = build_optim_wrapper(model, dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3)))
    losses = [model.train_step(make_batch(), optim_wrapper)['loss'].item() for _ in range(5)]
    assert losses == sorted(losses, reverse=True)


def test_initial_weights(tmp_path, said):
    source = build_model(seed=1)
    torch.save(dict(state_dict=source.state_dict()), tmp_path / 'ours.pth')
    model = build_model(backbone_checkpoint=tmp_path / 'ours.pth')
    assert not torch.equal(model.backbone.conv1.conv.weight, source.backbone.conv1.conv.weight)
    trained = {key: value.clone() for key, value in model.state_dict().items() if not key.startswith('backbone.')}
    model.init_weights()
    assert all(torch.equal(value, source.backbone.state_dict()[key])
               for key, value in model.backbone.state_dict().items())
    assert all(torch.equal(model.state_dict()[key], value) for key, value in trained.items())
    build_model().init_weights()
    assert any('has random weights' in line for line in said)
    with pytest.raises(CheckpointError, match='expected a checkpoint file'):
        build_model(backbone_checkpoint=tmp_path / 'absent.pth').init_weights()


def test_pictures_of_another_size(model):
    with pytest.raises(DataError, match='expected a map of 8 x 8 tokens, found 16 x 16'):
        model(prepared(model, size=2 * SIZE)['inputs'])


@pytest.mark.parametrize('mode', ['loss', 'predict'])
def test_decoder_that_does_not_fit_the_backbone(mode):
    model = build_model(decoder=CONFIG['decoder'] | dict(scale=4))
    with pytest.raises(ConfigError, match=r'XSegTx, decoder: expected maps as wide as the pictures, 32 pixels, found 8 '
                                          r'tokens times 16 pixels\. Set decoder\.scale to a quarter'):
        model(**prepared(model), mode=mode)


def test_unknown_mode(model):
    with pytest.raises(ConfigError, match="XSegTx, mode: expected 'loss', 'predict' or 'tensor', found 'train'"):
        model(prepared(model)['inputs'], mode='train')
