from collections import OrderedDict

import pytest
import torch

from egoexo.checkpoints import resnet
from egoexo.checkpoints.inspect import inspect_file
from egoexo.checkpoints.loading import find_state_dict
from egoexo.checkpoints.moco import (
    check_official,
    from_official,
    guess_layout,
    is_aside,
    official_container,
    official_key,
    official_shapes,
    our_key,
    to_official,
)
from egoexo.checkpoints.resnet_layout import ResNetLayout
from egoexo.errors import CheckpointError
from tools import convert_checkpoint

SHAPES = official_shapes(ResNetLayout())


@pytest.fixture()
def whole():
    """As the released file is laid out: both encoders, projections, the queue."""
    state = OrderedDict((f'module.{key}', torch.full(shape, number % 100, dtype=torch.uint8))
                        for number, (key, shape) in enumerate(SHAPES.items()))
    for encoder in ('encoder_q', 'encoder_k'):
        state |= {f'module.{encoder}.layer4.0.bn1.bias': torch.zeros(512),
                  f'module.{encoder}.fc.0.weight': torch.zeros(2, 2), f'module.{encoder}.fc.2.bias': torch.zeros(128)}
    state |= {f'module.encoder_k.{key.removeprefix("encoder_q.")}': torch.zeros(shape, dtype=torch.uint8)
              for key, shape in SHAPES.items()}
    return state | {'module.queue': torch.zeros(128, 4), 'module.queue_ptr': torch.zeros(1, dtype=torch.int64)}


def test_names():
    assert our_key('encoder_q.layer2.0.downsample.1.bias') == 'backbone.layer2.0.downsample.bn.bias'
    assert official_key('backbone.conv1.conv.weight') == 'encoder_q.conv1.weight'
    assert our_key('conv1.weight') is None and our_key('encoder_k.conv1.weight') is None
    assert official_key('encoder.feat_proj.bias') is None
    assert all(map(is_aside, ('encoder_q.fc.0.weight', 'encoder_q.layer4.0.bn1.bias', 'encoder_k.conv1.weight', 'queue',
                              'queue_ptr')))
    assert not is_aside('encoder_q.conv1.weight') and not is_aside('queue.weight')


def test_layout():
    assert len(SHAPES) == 258 and guess_layout(SHAPES) == ResNetLayout()
    check_official(SHAPES, ResNetLayout())
    with pytest.raises(CheckpointError, match=r'missing \(1\): bn1\.bias'):
        check_official({key: shape for key, shape in SHAPES.items() if key != 'encoder_q.bn1.bias'}, ResNetLayout())


def test_the_query_encoder_is_taken(whole):
    ours = from_official(whole)
    assert list(ours) == [our_key(key) for key in SHAPES]
    assert all(ours[our_key(key)] is whole[f'module.{key}'] for key in SHAPES)
    back = to_official(ours)
    assert list(back) == list(SHAPES)
    container = official_container(back)
    assert (container['arch'], list(container['state_dict'])) == ('resnet50', [f'module.{key}' for key in SHAPES])


def test_the_file_that_official_training_makes_of_it(whole):
    renamed = {key.removeprefix('module.encoder_q.'): value for key, value in whole.items() if '.encoder_q.' in key}
    _, state = find_state_dict(dict(model=renamed, __author__='MOCO'))
    for family in (from_official, resnet.from_official):
        ours = family(state)
        assert all(ours[our_key(key)] is whole[f'module.{key}'] for key in SHAPES)


@pytest.mark.parametrize(('change', 'text'), [
    (lambda state: state.pop('module.encoder_q.bn1.bias'), r'missing \(1\): bn1\.bias'),
    (lambda state: state.update({'module.head.bias': torch.ones(1)}), r'unexpected \(1\): head\.bias'),
    (lambda state: state.update({'module.bn1.bias': torch.ones(64)}), r'with and without the prefix encoder_q\.'),
    (lambda state: [state.pop(key) for key in list(state) if 'encoder_q' in key], 'an empty one')])
def test_files_that_do_not_fit_are_refused(whole, change, text):
    change(whole)
    with pytest.raises(CheckpointError, match=text):
        from_official(whole)


def test_by_the_tool(whole, tmp_path, capsys):
    torch.save(dict(epoch=800, arch='resnet50', state_dict=whole, optimizer=dict(state={})), tmp_path / 'moco.pth.tar')
    passport = inspect_file(tmp_path / 'moco.pth.tar')
    assert (passport.family, passport.naming, passport.coverage) == ('moco', 'official', (258, 258))
    assert passport.problems == '' and passport.extras['arch'] == "str 'resnet50'"
    for arguments in (['moco', 'moco.pth.tar', 'ours.pth'], ['moco', 'ours.pth', 'back.pth.tar', '--reverse'],
                      ['resnet', 'ours.pth', 'converted.pth.tar', '--reverse']):
        family, source, target, *rest = arguments
        assert convert_checkpoint.main([family, str(tmp_path / source), str(tmp_path / target), *rest]) == 0
    assert '266 tensors such as module.encoder_q.layer4.0.bn1.bias are of no use to our' in capsys.readouterr().err
    back = torch.load(tmp_path / 'back.pth.tar', weights_only=True)['state_dict']
    assert all(torch.equal(back[f'module.{key}'], whole[f'module.{key}']) for key in SHAPES)
    converted = torch.load(tmp_path / 'converted.pth.tar', weights_only=True)
    assert [f'encoder_q.{key}' for key in converted['model']] == list(SHAPES)
