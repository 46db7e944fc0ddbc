from collections import OrderedDict

import pytest
import torch

from egoexo.checkpoints.inspect import inspect_file
from egoexo.checkpoints.resnet import (
    from_official,
    is_aside,
    mmaction_name,
    official_container,
    official_key,
    our_key,
    to_official,
    torchvision_name,
)
from egoexo.checkpoints.resnet_layout import ResNetLayout, official_shapes
from egoexo.errors import CheckpointError
from egoexo.registry import MODELS


@pytest.fixture()
def whole():
    """With the last stage and the classifier."""
    state = OrderedDict((key, torch.full(shape, number % 100, dtype=torch.uint8))
                        for number, (key, shape) in enumerate(official_shapes(ResNetLayout()).items()))
    return state | {'layer4.0.conv1.weight': torch.zeros(512, 1024, 1, 1, dtype=torch.uint8),
                    'fc.weight': torch.zeros(1000, 2048, dtype=torch.uint8), 'fc.bias': torch.zeros(1000)}


@pytest.mark.parametrize('depth', [18, 50])
def test_names_of_any_depth_go_both_ways(depth):
    names = list(MODELS.build(dict(type='mmaction.ResNet', depth=depth)).state_dict())
    assert [mmaction_name(torchvision_name(name)) for name in names] == names
    assert 'layer4.1.bn2.weight' in [torchvision_name(name) for name in names]


@pytest.mark.parametrize('name', [
    'fc.weight', 'conv1.bias', 'layer1.0.conv1.bias', 'layer1.0.downsample.2.weight', 'layer1.0.bn1',
    'stem.conv1.weight', 'layer1.\u0661.conv1.weight', 'conv1.weight\n'])
def test_other_names(name):
    assert mmaction_name(name) is None and torchvision_name(name) is None and our_key(name) is None


def test_our_names_are_those_of_the_backbone_in_our_model():
    assert our_key('layer3.5.bn3.running_var') == 'backbone.layer3.5.conv3.bn.running_var'
    assert official_key('backbone.conv1.bn.num_batches_tracked') == 'bn1.num_batches_tracked'
    assert our_key('layer4.0.conv1.weight') is None and official_key('backbone.layer4.0.conv1.conv.weight') is None
    assert official_key('conv1.conv.weight') is None  # without the prefix
    assert is_aside('layer4.2.bn3.bias') and is_aside('fc.2.weight') and not is_aside('layer3.0.conv1.weight')


@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_there_and_back(whole, prefix):
    ours = from_official({prefix + key: value for key, value in whole.items()})
    assert len(ours) == 258 and all(torch.equal(ours[our_key(key)], whole[key]) for key in list(whole)[:258])
    backbone = MODELS.build(dict(type='mmaction.ResNet', depth=50, num_stages=3, strides=(1, 2, 2),
                                 dilations=(1, 1, 1), out_indices=(2,)))
    backbone.load_state_dict({key.removeprefix('backbone.'): value for key, value in ours.items()}, strict=True)
    model = ours | {'encoder.feat_proj.bias': torch.zeros(2), 'decoder.deconv1.bias': torch.zeros(2),
                    'visibility_head.conv.bias': torch.zeros(1)}
    back = to_official({prefix + key: value for key, value in model.items()})
    assert list(back) == list(whole)[:258] and all(back[key] is whole[key] for key in back)
    assert list(official_container(back)) == ['model', '__author__']


def test_older_files_have_no_counters(whole):
    ours = from_official({key: value for key, value in whole.items() if not key.endswith('tracked')})
    assert len(ours) == 258 - 43 and len(to_official(ours)) == 258 - 43


@pytest.mark.parametrize(('change', 'text'), [
    (lambda state: state.pop('bn1.bias'), r'missing \(1\): bn1\.bias'),
    (lambda state: state.update({'bn1.bias': torch.ones(65)}), r'wrong shape \(1\): bn1\.bias \(65,\) instead of'),
    (lambda state: state.update({'layer1.0.se.weight': torch.ones(1)}), r'unexpected \(1\): layer1\.0\.se\.weight'),
    (lambda state: state.update({'module.bn1.bias': torch.ones(64)}), 'both with and without the prefix'),
    (lambda state: state.update({'bn1.bias': 'text'}), 'a state dict of tensors only, found bn1.bias'),
    (lambda state: state.pop('conv1.weight'), 'not a ResNet: expected a 4-D tensor conv1.weight')])
def test_files_that_do_not_fit_are_refused(whole, change, text):
    change(whole)
    with pytest.raises(CheckpointError, match=text):
        from_official(whole)


def test_a_model_with_a_foreign_part_has_no_official_form(whole):
    with pytest.raises(CheckpointError, match=r'unexpected \(1\): neck\.bias \(no name of ours\)'):
        to_official(from_official(whole) | {'neck.bias': torch.ones(1)})


def test_passport(whole, tmp_path):
    torch.save(dict(model=whole, __author__='MOCO'), tmp_path / 'official.pth')
    passport = inspect_file(tmp_path / 'official.pth')
    assert (passport.family, passport.naming, passport.coverage) == ('resnet', 'official', (258, 258))
    assert passport.problems == '' and passport.num_tensors == 261
    torch.save(dict(state_dict=from_official(whole)), tmp_path / 'ours.pth')
    passport = inspect_file(tmp_path / 'ours.pth')
    assert (passport.family, passport.naming, passport.problems) == ('resnet', 'egoexo', '')
