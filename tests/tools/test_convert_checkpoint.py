from collections import OrderedDict

import numpy as np
import pytest
import torch
from mmengine.runner import load_checkpoint

from egoexo.checkpoints import anticipation_layout, transfer_layout
from egoexo.checkpoints.anticipation_layout import AnticipationLayout, PlanningLayout
from egoexo.checkpoints.loading import load_checkpoint_file, sha256_of
from egoexo.checkpoints.segmentation_layout import SegmentationLayout, official_shapes
from egoexo.registry import MODELS
from tools import convert_checkpoint

LAYOUT = SegmentationLayout(in_channels=6, num_classes=4, num_stages=2, num_layers=2, channels=8)


@pytest.fixture()
def official_file(tmp_path):
    torch.manual_seed(0)
    state = OrderedDict((f'module.{key}', torch.randn(shape)) for key, shape in official_shapes(LAYOUT).items())
    torch.save(state, tmp_path / 'epoch-7.model')
    return tmp_path / 'epoch-7.model'


def test_there_and_back(official_file, tmp_path, capsys):
    ours, back = tmp_path / 'made' / 'ours.pth', tmp_path / 'back.model'
    assert convert_checkpoint.main(['segmentation', str(official_file), str(ours)]) == 0
    assert 'tensors, egoexo names' in capsys.readouterr().out
    content = load_checkpoint_file(ours)
    assert content['meta'] == dict(source='epoch-7.model', family='segmentation', sha256=sha256_of(official_file))
    assert convert_checkpoint.main(['segmentation', str(ours), str(back), '--reverse']) == 0
    expected = torch.load(official_file, weights_only=True)
    found = torch.load(back, weights_only=True)
    assert [f'module.{key}' for key in found] == list(expected)
    assert all(torch.equal(found[key], expected[f'module.{key}']) for key in found)


@pytest.mark.parametrize(('family', 'layout'), [('anticipation', AnticipationLayout(num_classes=19)),
                                                ('planning', PlanningLayout())])
def test_clip_network_there_and_back(family, layout, tmp_path):
    """With the container that the official scripts read and write, numpy scores included."""
    state = OrderedDict((f'module.{key}', torch.tensor(0) if key.endswith('tracked') else torch.randn(shape))
                        for key, shape in anticipation_layout.official_shapes(layout).items())
    official = dict(epoch=40, arch='resnet101', state_dict=state, best_prec1=np.float64(41.5), prec1=np.float64(40.0))
    torch.save(official, tmp_path / 'model_best.pth.tar')
    for arguments in (['model_best.pth.tar', 'ours.pth'], ['ours.pth', 'back.pth.tar', '--reverse']):
        source, target, *rest = arguments
        assert convert_checkpoint.main([family, str(tmp_path / source), str(tmp_path / target), *rest]) == 0
    back = torch.load(tmp_path / 'back.pth.tar', weights_only=True)
    assert list(back['state_dict']) == list(state)
    assert all(torch.equal(back['state_dict'][key], state[key]) for key in state)
    assert {'epoch', 'arch', 'optimizer', 'best_prec1', 'prec1'} < set(back)


def test_classifier_of_lagtran_there_and_back(tmp_path, capsys):
    """The encoder beside it is named and left out."""
    layout = transfer_layout.TransferLayout(in_channels=6, hidden=(5,), num_classes=4)
    state = OrderedDict((f'module.{key}', torch.tensor(0) if key.endswith('tracked') else torch.randn(shape))
                        for key, shape in transfer_layout.official_shapes(layout).items())
    official = dict(iteration=500, model_fe_state=OrderedDict(cls_token=torch.zeros(1, 1, 8), pos=torch.ones(3)),
                    model_cls_state=state, best_acc_tgt=31.5, best_acc_src=60.0,
                    opt_main_state=dict(state={0: dict(momentum_buffer=torch.zeros(2))}, param_groups=[dict(lr=0.01)]),
                    scheduler_state=dict(lr=0.003, weight_decay=0, iteration=499, gamma=0.001, power=0.75))
    torch.save(official, tmp_path / 'best_model.pkl')
    assert convert_checkpoint.main(['transfer', str(tmp_path / 'best_model.pkl'), str(tmp_path / 'ours.pth')]) == 0
    said = capsys.readouterr()
    assert said.out.endswith('ours.pth: 9 tensors, egoexo names\n')
    assert said.err.endswith('best_model.pkl: model_fe_state, the encoder, which training on features leaves as it '
                             'was, is not converted.\n')
    model = MODELS.build(dict(type='SegmentClassifier', head=layout.model_config()))
    load_checkpoint(model, str(tmp_path / 'ours.pth'), map_location='cpu', strict=True)
    assert convert_checkpoint.main(
        ['transfer', str(tmp_path / 'ours.pth'), str(tmp_path / 'back.pkl'), '--reverse', '--num-classes', '4']) == 0
    back = torch.load(tmp_path / 'back.pkl', weights_only=True)
    assert set(back) == set(official) and [f'module.{key}' for key in back['model_cls_state']] == list(state)
    assert all(torch.equal(value, state[f'module.{key}']) for key, value in back['model_cls_state'].items())
    assert capsys.readouterr().err == ''


def test_result_loads_into_a_model(official_file, tmp_path):
    convert_checkpoint.main(['segmentation', str(official_file), str(tmp_path / 'ours.pth'), '--num-classes', '4'])
    head = dict(type='FrameHead', num_classes=4, loss=[dict(type='StageCrossEntropy')])
    model = MODELS.build(dict(type='Segmentor', head=head, **LAYOUT.model_config()))
    load_checkpoint(model, str(tmp_path / 'ours.pth'), map_location='cpu', strict=True)
    expected = torch.load(official_file, weights_only=True)['module.stages.0.conv_out.bias']
    assert torch.equal(model.backbone.stages[1].classifiers[0].bias, expected)


@pytest.mark.parametrize('arguments', [['--num-classes', '28'], ['--num-stages', '4'], ['--reverse']])
def test_files_that_do_not_fit_are_refused(official_file, tmp_path, capsys, arguments):
    assert convert_checkpoint.main(['segmentation', str(official_file), str(tmp_path / 'x.pth'), *arguments]) == 1
    error = capsys.readouterr().err
    assert error.startswith('CheckpointError: ')
    assert 'stage1.conv_' in error or 'stages.1.' in error
    assert not (tmp_path / 'x.pth').exists()


def test_existing_output_needs_force(official_file, tmp_path, capsys):
    target = tmp_path / 'ours.pth'
    target.write_text('precious')
    assert convert_checkpoint.main(['segmentation', str(official_file), str(target)]) == 1
    assert 'pass --force' in capsys.readouterr().err
    assert target.read_text() == 'precious'
    assert convert_checkpoint.main(['segmentation', str(official_file), str(target), '--force']) == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith('.part')] == []


def test_inspect(official_file, tmp_path, capsys):
    assert convert_checkpoint.main(['--inspect', str(official_file)]) == 0
    table = capsys.readouterr().out
    assert 'segmentation, official names' in table
    assert 'module.stage1.conv_1x1.weight' in table
    assert convert_checkpoint.main(['--inspect', str(tmp_path / 'none.pth')]) == 1
    assert 'found nothing' in capsys.readouterr().err


@pytest.mark.parametrize('arguments', [[], ['--inspect', 'a', 'segmentation', 'b', 'c'], ['segmentation', 'only-one']])
def test_wrong_command_lines(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        convert_checkpoint.main(arguments)
    assert stop.value.code == 2
    assert 'usage:' in capsys.readouterr().err
