import pytest
import torch

from egoexo.checkpoints.correspondence_layout import sequential_name
from egoexo.checkpoints.resnet import torchvision_name
from egoexo.errors import CheckpointError
from egoexo.models.correspondence.backbone_weights import backbone_state, load_backbone_weights
from egoexo.registry import MODELS

STAGES = dict(type='mmaction.ResNet', depth=18, num_stages=2, strides=(1, 2), dilations=(1, 1), out_indices=(1,))


def build(seed, **options):
    torch.manual_seed(seed)
    backbone = MODELS.build(STAGES | options)
    for value in backbone.state_dict().values():
        value += torch.randn_like(value) if value.is_floating_point() else 3
    return backbone


def as_torchvision(backbone):
    state = {torchvision_name(key): value for key, value in backbone.state_dict().items()}
    return state | {'layer4.0.conv1.weight': torch.zeros(1), 'fc.weight': torch.zeros(2, 2), 'fc.bias': torch.zeros(2)}


def as_moco(backbone):
    query = {f'module.encoder_q.{key}': value for key, value in as_torchvision(backbone).items()}
    other = {key.replace('_q', '_k'): torch.zeros_like(value) for key, value in query.items()}
    return dict(epoch=800, arch='resnet18', state_dict=query | other | {'module.queue': torch.zeros(2, 2)})


def as_xsegtx(backbone):
    state = {sequential_name(torchvision_name(key)): value for key, value in backbone.state_dict().items()}
    return dict(backbone=state, encoder={'net.feat_proj.bias': torch.zeros(2)}, optimiser=dict(state={}))


def as_ours(backbone):
    state = {f'backbone.{key}': value for key, value in backbone.state_dict().items()}
    return dict(state_dict=state | {'encoder.feat_proj.bias': torch.zeros(2)}, meta=dict(epoch=3))


ORIGINS = {
    'MoCo': as_moco, 'MoCo, converted': lambda backbone: dict(model=as_torchvision(backbone), __author__='MOCO'),
    'torchvision': as_torchvision, 'XSegTx': as_xsegtx, 'ours': as_ours,
    'XSegTx, backbone alone': lambda backbone: as_xsegtx(backbone)['backbone'],
    'the backbone of ours': lambda backbone: backbone.state_dict()}


@pytest.mark.parametrize('origin', ORIGINS)
def test_files_of_every_origin(origin, tmp_path, said):
    source, backbone = build(0), build(1)
    torch.save(ORIGINS[origin](source), tmp_path / 'file.pth')
    load_backbone_weights(backbone, tmp_path / 'file.pth')
    for key, value in backbone.state_dict().items():
        assert torch.equal(value, source.state_dict()[key]), key
    num = len(source.state_dict())
    assert said[-1].startswith(f'{tmp_path / "file.pth"}: {num} tensors of the backbone ResNet taken, ')


def test_counters_of_older_files_are_not_missed(tmp_path):
    source, backbone = build(0), build(1)
    torch.save({key: value for key, value in as_torchvision(source).items() if not key.endswith('tracked')},
               tmp_path / 'file.pth')
    load_backbone_weights(backbone, tmp_path / 'file.pth')
    assert torch.equal(backbone.conv1.bn.running_var, source.conv1.bn.running_var)
    assert backbone.conv1.bn.num_batches_tracked == 3


def test_a_whole_network_keeps_its_last_stage():
    """What a smaller backbone leaves out, a larger one needs."""
    backbone = build(0, num_stages=4, strides=(1, 2, 2, 2), dilations=(1, 1, 1, 1), out_indices=(3,))
    state = {torchvision_name(key): value for key, value in backbone.state_dict().items()}
    assert list(backbone_state(state)) == list(backbone.state_dict())


def test_random_weights_are_said(said):
    backbone = build(0)
    before = backbone.conv1.conv.weight.clone()
    load_backbone_weights(backbone, None)
    assert said[-1].startswith('The backbone ResNet has random weights, because backbone_checkpoint is None. Unless')
    assert torch.equal(backbone.conv1.conv.weight, before)


@pytest.mark.parametrize(('change', 'text'), [
    (lambda state: state.pop('bn1.bias'), r'found 59 of these names and the differences\n  missing conv1\.bn\.bias'),
    (lambda state: state.update({'layer1.5.bn1.bias': torch.zeros(64)}), r'unexpected layer1\.5\.conv1\.bn\.bias'),
    (lambda state: state.update({'conv1.weight': torch.zeros(32, 3, 7, 7)}),
     r'conv1\.conv\.weight is \(32, 3, 7, 7\), expected \(64, 3, 7, 7\)'),
    (lambda state: state.update({'conv1.conv.weight': torch.zeros(64, 3, 7, 7)}), 'one name for each tensor'),
    (lambda state: state.update({'module.bn1.bias': torch.zeros(64)}), 'with and without the prefix module'),
    (lambda state: state['bn1.bias'].fill_(float('inf')),
     r'expected finite weights, found NaN or infinite numbers in 1 of 60 tensors, conv1\.bn\.bias the first\. Fetch')])
def test_files_that_do_not_fit(change, text, tmp_path):
    state = as_torchvision(build(0))
    change(state)
    torch.save(state, tmp_path / 'file.pth')
    backbone = build(1)
    before = backbone.conv1.bn.bias.clone()
    with pytest.raises(CheckpointError, match=rf'(?s)file\.pth: .*{text}'):
        load_backbone_weights(backbone, tmp_path / 'file.pth')
    assert torch.equal(backbone.conv1.bn.bias, before)


def test_no_file(tmp_path):
    with pytest.raises(CheckpointError, match='expected a checkpoint file'):
        load_backbone_weights(build(0), tmp_path / 'absent.pth')
