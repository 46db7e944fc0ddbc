from collections import OrderedDict

import pytest
import torch

from egoexo.checkpoints.inspect import inspect_file
from egoexo.checkpoints.loading import sha256_of
from egoexo.checkpoints.slowfast import (
    backbone_key,
    from_official,
    name_backbone,
    official_container,
    official_key,
    our_key,
    settle_heads,
    to_official,
    with_current_names,
)
from egoexo.checkpoints.slowfast_layout import SlowFastLayout, official_shapes
from egoexo.errors import CheckpointError
from egoexo.registry import MODELS
from tools import convert_checkpoint

SMALL = dict(depth=50, channels=8, fast_channels=1, fusion_kernel=3)
LAYOUT = SlowFastLayout(**SMALL, num_classes=(3, 4))
LAYOUTS = [
    LAYOUT, SlowFastLayout(**SMALL, num_classes=(125, 352), head='headepic.projections'),
    SlowFastLayout(**SMALL, num_classes=(97, 300), map_channels=6),
    SlowFastLayout(**SMALL, num_classes=(5,), head='head.projection'),
    SlowFastLayout(**SMALL, num_classes=(5, 2, 9), head='head.projections', map_channels=6),
]
SLOW = SlowFastLayout(50, 8, 0, 5, num_classes=(5, 2, 9), head='head.projections', map_channels=6)


def make(layout=LAYOUT):
    return OrderedDict((key, torch.full(shape, number, dtype=torch.int64 if key.endswith('tracked') else torch.float32))
                       for number, (key, shape) in enumerate(official_shapes(layout).items()))


@pytest.mark.parametrize(('official', 'ours'), [
    ('s1.pathway0_stem.conv.weight', 'backbone.slow_path.conv1.conv.weight'),
    ('s1.pathway1_stem.bn.running_var', 'backbone.fast_path.conv1.bn.running_var'),
    ('s1_fuse.conv_f2s.weight', 'backbone.slow_path.conv1_lateral.conv.weight'),
    ('s4_fuse.bn.num_batches_tracked', 'backbone.slow_path.layer3_lateral.bn.num_batches_tracked'),
    ('s2.pathway0_res0.branch1.weight', 'backbone.slow_path.layer1.0.downsample.conv.weight'),
    ('s5.pathway1_res0.branch1_bn.bias', 'backbone.fast_path.layer4.0.downsample.bn.bias'),
    ('s4.pathway0_res22.branch2.a.weight', 'backbone.slow_path.layer3.22.conv1.conv.weight'),
    ('s3.pathway1_res3.branch2.c_bn.running_mean', 'backbone.fast_path.layer2.3.conv3.bn.running_mean'),
    ('headepic100.projections.0.weight', 'cls_head.fc_verb.weight'),
    ('headepic100.projections.1.bias', 'cls_head.fc_noun.bias'),
    ('head.projections.0.bias', 'cls_head.fc_action.bias'),
    ('head.projections.2.weight', 'cls_head.fc_object.weight'),
    ('handobjhead.pathway0_conv_fcn0.weight', 'auxiliary_head.conv.weight'),
    ('handobjhead.score_projection.bias', 'auxiliary_head.score.bias')])
def test_names(official, ours):
    assert our_key(official) == ours and official_key(ours) == official


@pytest.mark.parametrize(('official', 'ours'), [
    ('headepic.projections.1.weight', 'cls_head.fc_noun.weight'), ('head.projection.bias', 'cls_head.fc_action.bias'),
    ('headobjhead.score_projection.weight', 'auxiliary_head.score.weight')])
def test_names_that_are_settled_by_more_than_a_key(official, ours):
    assert our_key(official) == ours and official_key(ours) != official


@pytest.mark.parametrize('key', [
    's6.pathway0_res0.branch1.weight', 's1.pathway2_stem.conv.weight', 's5_fuse.bn.bias', 's1.pathway0_stem.conv.bias',
    's2.pathway0_res0.branch2.d.weight', 's2.pathway0_res0.branch1.bias', 's2.pathway0_nonlocal0.conv_g.weight',
    's2.pathway0_res\u0661.branch1.weight', 's2.pathway0_res0.branch2.a_bn.weight.x', 's1_t.pathway0_stem.conv.weight',
    'headepic100.projections.2.weight', 'headcharades.projection.weight', 'readout.projections.0.weight',
    'backbone.slow_path.layer5.0.conv1.conv.weight', 'backbone.fast_path.conv1_lateral.bn.bias', 'cls_head.fc_cls.bias',
    'backbone.layer1.0.conv1.conv.weight', 'slow_path.conv1.bn.bias', 'cls_head.fc_ego.gain', ''])
def test_other_names(key):
    assert our_key(key) is None and official_key(key) is None


def test_names_inside_the_backbone():
    for key in official_shapes(SlowFastLayout(**SMALL)):
        inside = backbone_key(key)
        assert (inside is None) == key.startswith('head')
        assert inside is None or name_backbone(inside) == key
    assert name_backbone('backbone.slow_path.conv1.bn.bias') is None


@pytest.mark.parametrize('layout', LAYOUTS, ids=str)
def test_round_trip_keeps_keys_order_and_values(layout):
    official = make(layout)
    ours = from_official(official, dict(depth=50, fusion_kernel=3))
    assert len(ours) == len(official)
    back = to_official({f'module.{key}': value for key, value in ours.items()})
    assert list(back) == list(official) and all(back[key] is official[key] for key in official)


@pytest.mark.parametrize('layout', LAYOUTS, ids=str)
def test_loads_strictly(layout):
    model = MODELS.build(dict(type='ClipRecognizer', **layout.model_config()))
    official = make(layout)
    model.load_state_dict(from_official(official), strict=True)
    found = model.state_dict()
    assert all(torch.equal(found[our_key(key)], value) for key, value in official.items())


def test_slow_pathway_alone():
    ours = from_official(make(SLOW))
    assert all(key.startswith(('backbone.slow_path.', 'cls_head.', 'auxiliary_head.')) for key in ours)
    assert list(to_official(ours)) == list(make(SLOW))


def test_early_name_of_the_map_head():
    official = make(LAYOUTS[2])
    early = OrderedDict((key.replace('handobj', 'headobj'), value) for key, value in official.items())
    assert list(to_official(from_official(early))) == list(official)
    with pytest.raises(CheckpointError, match='both handobjhead and headobjhead'):
        with_current_names(official | early)


def test_classes_settle_the_head():
    def names(layout):
        state = make(layout)
        return list(settle_heads({official_key(our_key(key)): value for key, value in state.items()}))

    assert all(names(layout) == list(make(layout)) for layout in LAYOUTS)
    assert settle_heads({'headepic100.projections.0.weight': torch.tensor(1.0)}) == {
        'headepic100.projections.0.weight': torch.tensor(1.0)}


@pytest.mark.parametrize(('change', 'text'), [
    (lambda state: state.pop('s4.pathway1_res5.branch2.c_bn.bias'), r'missing \(1\): s4\.pathway1_res5'),
    (lambda state: state.update({'s6.weight': torch.ones(1)}), r'unexpected \(1\): s6\.weight'),
    (lambda state: state.update({'headepic100.projections.1.bias': torch.ones(1)}), r'bias \(1,\) instead of \(4,\)'),
    (lambda state: state.update({'headepic100.projections.1.bias': 3}), 'tensors only, found headepic100'),
    (lambda state: state.update({'module.s1_fuse.bn.bias': torch.ones(2)}), 'both with and without the prefix module'),
    (lambda state: state.clear(), 'an empty one'),
    (lambda state: [state.pop(key) for key in list(state) if key.startswith('head')], r'missing \(4\): headepic100'),
    (lambda state: state.pop('s1.pathway0_stem.conv.weight'),
     r'not a SlowFast of PySlowFast: .* found 663 tensors like s1\.pathway0_stem\.bn\.weight \(8,\), ')])
def test_files_that_do_not_fit_are_refused(change, text):
    state = make()
    change(state)
    with pytest.raises(CheckpointError, match=text):
        from_official(state)


def test_files_of_mmaction2_are_refused():
    state = {f'backbone.{key}': torch.zeros(1) for key in ('slow_path.conv1.conv.weight', 'fast_path.conv1.bn.bias',
                                                           'slow_path.conv1_lateral.conv.weight')}
    state['cls_head.fc_cls.weight'] = torch.zeros(400, 2304)
    for convert in (from_official, to_official):
        with pytest.raises(CheckpointError, match=r'(?s)lateral_norm=False|5-D tensor'):
            convert(state)
    ours = from_official(make())
    foreign = {key: value for key, value in ours.items() if '_lateral.bn' not in key}
    with pytest.raises(CheckpointError, match='a network with lateral_norm=False'):
        to_official(foreign)


def test_passport_of_a_file_of_mmaction2(tmp_path):
    ours = from_official(make())
    foreign = {key: value for key, value in ours.items() if '_lateral.bn' not in key and not key.startswith('cls_head')}
    torch.save(dict(meta={}, state_dict=foreign | {'cls_head.fc_cls.bias': torch.zeros(400)}), tmp_path / 'k400.pth')
    passport = inspect_file(tmp_path / 'k400.pth')
    assert (passport.family, passport.naming) == ('slowfast', 'egoexo')
    assert 'lateral_norm=False, as those of mmaction2 for Kinetics, is another one' in passport.table(with_shapes=False)


def test_sizes_that_are_asked_for():
    with pytest.raises(CheckpointError, match=r'(?s)fusion_kernel=7.*s1_fuse\.conv_f2s\.weight \(2, 1, 3, 1, 1\) inst'):
        from_official(make(), dict(fusion_kernel=7))
    with pytest.raises(CheckpointError, match=r'(?s)depth=101.*missing \(\d+\): s4\.pathway0_res6'):
        from_official(make(), dict(depth=101))


def test_what_the_official_model_lacks_is_listed():
    with pytest.raises(CheckpointError, match=r'unexpected \(1\): neck\.bias \(no name of ours\)'):
        to_official(from_official(make()) | {'neck.bias': torch.ones(1)})


def test_container():
    container = official_container(make())
    assert list(container) == ['epoch', 'model_state', 'optimizer_state', 'cfg'] and container['epoch'] == 0
    assert container['cfg'] == ('RESNET: {DEPTH: 50, WIDTH_PER_GROUP: 8}\nSLOWFAST: {FUSION_KERNEL_SZ: 3}\n')
    assert official_container(make(SLOW))['cfg'] == 'RESNET: {DEPTH: 50, WIDTH_PER_GROUP: 8}\n'


@pytest.mark.parametrize('layout', [*LAYOUTS[1:], SLOW], ids=str)
def test_by_the_tool(tmp_path, layout):
    official = dict(epoch=29, model_state=make(layout), cfg='DATA:\n  NUM_FRAMES: 32\n', optimizer_state=dict(
        state={0: dict(momentum_buffer=torch.zeros(2))}, param_groups=[dict(lr=0.02, params=[0])]))
    torch.save(official, tmp_path / 'checkpoint_epoch_00030.pyth')
    passport = inspect_file(tmp_path / 'checkpoint_epoch_00030.pyth')
    assert (passport.family, passport.naming, passport.problems) == ('slowfast', 'official', '')
    assert passport.container == "state dict under 'model_state'" and passport.layout == str(layout)
    assert set(passport.extras) == {'epoch', 'optimizer_state', 'cfg'}
    for source, target, *rest in (('checkpoint_epoch_00030.pyth', 'ours.pth', '--depth', '50'),
                                  ('ours.pth', 'back.pyth', '--reverse')):
        assert convert_checkpoint.main(['slowfast', str(tmp_path / source), str(tmp_path / target), *rest]) == 0
    passport = inspect_file(tmp_path / 'ours.pth')
    assert (passport.family, passport.naming, passport.problems) == ('slowfast', 'egoexo', '')
    assert torch.load(tmp_path / 'ours.pth', weights_only=True)['meta'] == dict(
        source='checkpoint_epoch_00030.pyth', family='slowfast',
        sha256=sha256_of(tmp_path / 'checkpoint_epoch_00030.pyth'))
    back = torch.load(tmp_path / 'back.pyth', weights_only=True)
    assert list(back) == list(official_container(make())) and list(back['model_state']) == list(official['model_state'])
    assert all(torch.equal(value, official['model_state'][key]) for key, value in back['model_state'].items())
