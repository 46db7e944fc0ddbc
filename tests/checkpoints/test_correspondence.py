from collections import OrderedDict

import pytest
import torch

from egoexo.checkpoints.correspondence import from_official, official_container, official_key, our_key, to_official
from egoexo.checkpoints.correspondence_layout import CorrespondenceLayout, official_shapes
from egoexo.checkpoints.inspect import inspect_file
from egoexo.checkpoints.loading import find_state_dict, sha256_of
from egoexo.errors import CheckpointError
from egoexo.registry import MODELS
from tools import convert_checkpoint

LAYOUT = CorrespondenceLayout(embed_dims=16, feedforward_channels=24, mid_channels=6, hidden_channels=5, feat_size=7)


def make(layout=LAYOUT, prefix=''):
    """The three entries of an official file."""
    state = {key: torch.full(shape, number % 100, dtype=torch.uint8 if len(shape) > 1 else torch.float32)
             for number, (key, shape) in enumerate(official_shapes(layout).items())}
    return {part: OrderedDict((prefix + key.removeprefix(f'{part}.'), value) for key, value in state.items()
                              if key.startswith(f'{part}.')) for part in ('backbone', 'encoder')} | dict(
                                  optimiser=dict(state={0: dict(step=torch.tensor(3.0))}, param_groups=[dict(lr=0.1)]))


def joined(layout=LAYOUT):
    return find_state_dict(make(layout))[1]


@pytest.mark.parametrize(('official', 'ours'), [
    ('backbone.0.weight', 'backbone.conv1.conv.weight'),
    ('backbone.6.5.bn3.running_var', 'backbone.layer3.5.conv3.bn.running_var'),
    ('encoder.net.feat_proj.bias', 'encoder.feat_proj.bias'),
    ('encoder.net.encoder_blocks.2.layer1.inner_encoder_layer.linear2.bias',
     'encoder.layers.4.self_attention.linear2.bias'),
    ('encoder.net.encoder_blocks.0.layer1.cross_encoder_layer.cross_encoder_layer.self_attn.in_proj_weight',
     'encoder.layers.0.mask_attention.self_attn.in_proj_weight'),
    ('encoder.net.encoder_blocks.1.layer2.cross_encoder_layer.norm2.weight',
     'encoder.layers.3.cross_attention.norm2.weight'),
    ('encoder.net.decoder.deconv2.weight', 'decoder.deconv2.weight'),
    ('encoder.net.cls_branch.mlp.2.bias', 'visibility_head.mlp.2.bias')])
def test_names(official, ours):
    assert our_key(official) == ours and official_key(ours) == official


@pytest.mark.parametrize('key', [
    '0.weight', 'backbone.2.weight', 'backbone.7.0.conv1.weight', 'backbone.conv1.weight', 'net.feat_proj.bias',
    'encoder.net.encoder_blocks.0.layer3.cross_encoder_layer.norm1.bias', 'encoder.net.cls_branch.mlp.1.bias',
    'encoder.net.encoder_blocks.0.layer1.inner_encoder_layer.norm3.bias', 'encoder.net.pos.weight',
    'encoder.net.encoder_blocks.\u0661.layer1.inner_encoder_layer.norm1.bias'])
def test_other_names(key):
    assert our_key(key) is None and official_key(key) is None


@pytest.mark.parametrize('layout', [CorrespondenceLayout(), LAYOUT, CorrespondenceLayout(embed_dims=8, layers='ICNI')],
                         ids=str)
def test_round_trip_keeps_keys_order_and_values(layout):
    official = joined(layout)
    ours = from_official(official, dict(embed_dims=layout.embed_dims))
    assert len(ours) == len(official)
    back = to_official({f'module.{key}': value for key, value in ours.items()})
    assert list(back) == list(official) and all(back[key] is official[key] for key in official)
    container = official_container(back)
    assert list(container) == ['backbone', 'encoder', 'optimiser'] and container['optimiser']['state'] == {}
    assert {key: list(container[key]) for key in ('backbone', 'encoder')} == {
        key: list(make(layout)[key]) for key in ('backbone', 'encoder')}


def test_loads_strictly():
    model = MODELS.build(dict(type='XSegTx', data_preprocessor=dict(type='mmengine.BaseDataPreprocessor'),
                              **LAYOUT.model_config()))
    model.load_state_dict(from_official(joined()), strict=True)
    assert model.encoder.layers[3].cross_attention.norm2.bias[0] == joined()[
        'encoder.net.encoder_blocks.1.layer2.cross_encoder_layer.norm2.bias'][0]


@pytest.mark.parametrize(('change', 'text'), [
    (lambda state: state.pop('backbone.4.0.bn1.running_var'), r'missing \(1\): backbone\.4\.0\.bn1\.running_var'),
    (lambda state: state.update({'encoder.cls': torch.ones(1)}), r'unexpected \(1\): encoder\.cls'),
    (lambda state: state.update({'encoder.net.decoder.deconv2.bias': torch.ones(1)}),
     r'deconv2\.bias \(1,\) instead of \(3,\)'),
    (lambda state: state.update({'backbone.0.weight': 3.0}), 'tensors only, found backbone.0.weight'),
    (lambda state: state.clear(), 'an empty one'),
    (lambda state: state.pop('encoder.net.feat_proj.weight'), 'not a checkpoint of XSegTx')])
def test_files_that_do_not_fit_are_refused(change, text):
    state = dict(joined())
    change(state)
    with pytest.raises(CheckpointError, match=text):
        from_official(state)


def test_sizes_that_are_asked_for():
    with pytest.raises(CheckpointError, match=r'(?s)embed_dims=256.*feat_proj\.weight \(16, 1024, 1, 1\) instead of'):
        from_official(joined(), dict(embed_dims=256))


def test_what_the_official_model_lacks_is_listed():
    with pytest.raises(CheckpointError, match=r'unexpected \(1\): neck\.bias \(no name of ours\)'):
        to_official(from_official(joined()) | {'neck.bias': torch.ones(1)})


@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_by_the_tool(tmp_path, capsys, prefix):
    torch.save(make(prefix=prefix), tmp_path / 'netLast.pth')
    passport = inspect_file(tmp_path / 'netLast.pth')
    assert (passport.family, passport.naming, passport.problems) == ('correspondence', 'official', '')
    assert passport.coverage == (366, 366) and passport.layout == str(LAYOUT)
    assert passport.container == "state dict under 'backbone and encoder'"
    assert passport.extras == {'optimiser': 'dict of 2: state, param_groups'}
    for source, target, *rest in (('netLast.pth', 'ours.pth'), ('ours.pth', 'back.pth', '--reverse')):
        assert convert_checkpoint.main(['correspondence', str(tmp_path / source), str(tmp_path / target), *rest]) == 0
    assert 'optimiser, the state of Adam, is not converted' in capsys.readouterr().err
    ours = torch.load(tmp_path / 'ours.pth', weights_only=True)
    assert ours['meta'] == dict(source='netLast.pth', family='correspondence',
                                sha256=sha256_of(tmp_path / 'netLast.pth'))
    passport = inspect_file(tmp_path / 'ours.pth')
    assert (passport.family, passport.naming, passport.problems) == ('correspondence', 'egoexo', '')
    back = torch.load(tmp_path / 'back.pth', weights_only=True)
    for part in ('backbone', 'encoder'):
        assert list(back[part]) == list(make()[part])
        assert all(torch.equal(back[part][key], value) for key, value in make()[part].items())
