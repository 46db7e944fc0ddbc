import logging
from collections import OrderedDict

import pytest
import torch
from mmengine.logging import MMLogger

from egoexo.checkpoints import lemma, slowfast, slowfast_layout, suml, suml_layout
from egoexo.checkpoints.slowfast_layout import LemmaLayout, SlowFastLayout
from egoexo.checkpoints.suml_layout import SumlLayout
from egoexo.errors import CheckpointError
from egoexo.models.recognition.initial_weights import load_initial_weights, stream_state
from egoexo.registry import MODELS

SMALL = dict(depth=50, channels=8, fast_channels=1, fusion_kernel=3)
EPIC = SlowFastLayout(**SMALL, num_classes=(3, 4))
STAR = SlowFastLayout(**SMALL, num_classes=(3, 4), map_channels=6)
KINETICS = SlowFastLayout(**SMALL, num_classes=(5,), head='head.projection')
PRETRAINING = SlowFastLayout(**SMALL, num_classes=(5, 2, 9), head='head.projections', map_channels=6)
TEACHER = LemmaLayout(**SMALL, num_classes=(6, 7))
SUML = SumlLayout(**SMALL, num_classes=(3, 4), tpv_classes=(6, 7), text_dims=8)


def make(layout, start=0):
    shapes = (suml_layout if isinstance(layout, SumlLayout) else slowfast_layout).official_shapes(layout)
    return OrderedDict((key, torch.full(shape, start + number,
                                        dtype=torch.int64 if key.endswith('tracked') else torch.float32))
                       for number, (key, shape) in enumerate(shapes.items()))


def write(folder, state, name='checkpoint_epoch_00030.pyth'):
    torch.save(slowfast.official_container(state) if 's1_fuse.bn.bias' in state else dict(state_dict=state),
               folder / name)
    return folder / name


def build(layout=EPIC, **options):
    return MODELS.build(dict(type='ClipRecognizer', **layout.model_config(), **options))


def two_streams():
    return MODELS.build(dict(type='SUMLRecognizer', **SUML.model_config()))


@pytest.fixture()
def told(monkeypatch):
    """Messages of the logger."""
    messages = []
    monkeypatch.setattr(MMLogger.get_current_instance(), 'handle', lambda record: (
        record.levelno > logging.DEBUG and messages.append((record.levelno, record.getMessage()))))
    return messages


def assert_taken(module, expected):
    """Every tensor of the module has the value of the file."""
    found = module.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], value) for key, value in expected.items())


def inside(state, part):
    return {key.removeprefix(f'{part}.'): value for key, value in state.items() if key.startswith(f'{part}.')}


def test_same_task(tmp_path, told):
    model = build()
    load_initial_weights(model, ego=write(tmp_path, make(EPIC)))
    assert_taken(model, slowfast.from_official(make(EPIC)))
    assert told == [(logging.INFO, f'{tmp_path}/checkpoint_epoch_00030.pyth: 664 tensors taken as initial weights of '
                                   'ClipRecognizer')]


def test_kinetics(tmp_path, told):
    model = build()
    head = {key: value.clone() for key, value in model.cls_head.state_dict().items()}
    load_initial_weights(model, ego=write(tmp_path, make(KINETICS)))
    assert_taken(model.backbone, inside(slowfast.from_official(make(KINETICS)), 'backbone'))
    assert_taken(model.cls_head, head)
    (level, text), = told
    assert level == logging.WARNING
    assert text.endswith('660 tensors taken as initial weights of ClipRecognizer; left out, because the model has '
                         'nothing of this name and size: 2 of cls_head; random as before: cls_head.fc_verb.weight, '
                         'cls_head.fc_verb.bias, cls_head.fc_noun.weight, cls_head.fc_noun.bias')


def test_interaction_maps_of_the_pre_training(tmp_path, told):
    model = build(STAR)
    load_initial_weights(model, ego=write(tmp_path, make(PRETRAINING)))
    assert_taken(model.auxiliary_head, inside(slowfast.from_official(make(PRETRAINING)), 'auxiliary_head'))
    assert '664 tensors taken' in told[0][1] and ': 6 of cls_head;' in told[0][1]
    load_initial_weights(build(), ego=write(tmp_path, make(STAR)))
    assert told[1][1].endswith('nothing of this name and size: 4 of auxiliary_head')


def test_other_class_counts(tmp_path, told):
    model = build()
    load_initial_weights(model, ego=write(tmp_path, make(SlowFastLayout(**SMALL, num_classes=(3, 5)))))
    assert model.cls_head.fc_verb.bias[0] == 661
    assert told[0][1].endswith(': 2 of cls_head; random as before: cls_head.fc_noun.weight, cls_head.fc_noun.bias')


@pytest.mark.parametrize('strip', [False, True])
def test_files_of_ours(tmp_path, strip):
    ours = slowfast.from_official(make(EPIC))
    if strip:
        ours = inside(ours, 'backbone')
    model = build()
    load_initial_weights(model, ego=write(tmp_path, ours, 'ours.pth'))
    assert_taken(model.backbone, inside(slowfast.from_official(make(EPIC)), 'backbone'))


def test_two_streams_of_two_files(tmp_path, told):
    model = two_streams()
    load_initial_weights(model, ego=write(tmp_path, make(KINETICS), 'ego.pyth'),
                         tpv=write(tmp_path, make(TEACHER, 1000), 'tpv.pyth'))
    teacher = lemma.from_official(make(TEACHER, 1000))
    assert_taken(model.backbone, inside(slowfast.from_official(make(KINETICS)), 'backbone'))
    assert_taken(model.tpv_backbone, inside(teacher, 'backbone'))
    assert_taken(model.tpv_head, inside(teacher, 'cls_head'))
    assert [level for level, _ in told] == [logging.WARNING, logging.INFO]


@pytest.mark.parametrize('converted', [False, True])
def test_two_streams_of_one_file(tmp_path, converted):
    state = make(SUML)
    ours = suml.from_official(state, keep_third_person=True)
    path = write(tmp_path, ours if converted else state)
    model = two_streams()
    load_initial_weights(model, ego=path, tpv=path)
    for part in ('backbone', 'cls_head', 'tpv_backbone', 'tpv_head'):
        assert_taken(getattr(model, part), inside(ours, part))


def test_stream_of_a_file_with_one():
    state = make(KINETICS)
    assert stream_state(state, 'tpv').keys() == stream_state(state).keys()
    assert set(stream_state({f'module.{key}': value for key, value in state.items()})) == set(stream_state(state))
    assert set(stream_state({'slow_path.conv1.bn.bias': torch.zeros(1)})) == {'backbone.slow_path.conv1.bn.bias'}


def test_slow_pathway_alone(tmp_path):
    layout = SlowFastLayout(50, 8, 0, 5, num_classes=(5, 2, 9), head='head.projections', map_channels=6)
    backbone = dict(type='mmaction.ResNet3dSlowOnly', depth=50, pretrained=None, base_channels=8, lateral=False,
                    conv1_kernel=(1, 7, 7), conv1_stride_t=1, pool1_stride_t=1, inflate=(0, 0, 1, 1))
    head = dict(type='MultiTaskHead', in_channels=(256,), num_classes=dict(verb=3, noun=4))
    model = MODELS.build(dict(type='ClipRecognizer', backbone=backbone, cls_head=head))
    load_initial_weights(model, ego=write(tmp_path, make(layout)))
    expected = inside(slowfast.from_official(make(layout)), 'backbone.slow_path')
    assert_taken(model.backbone, expected)
    with pytest.raises(CheckpointError, match=r'backbone SlowFast, found a slow pathway alone, \d+ of these names'):
        load_initial_weights(build(), ego=write(tmp_path, make(layout)))


def test_through_the_recogniser(tmp_path):
    model = build(initial_weights=dict(ego=str(write(tmp_path, make(KINETICS)))))
    model.init_weights()
    assert_taken(model.backbone, inside(slowfast.from_official(make(KINETICS)), 'backbone'))
    assert (model.cls_head.fc_verb.bias == 0).all()


@pytest.mark.parametrize(('changed', 'text'), [
    (dict(fusion_kernel=5), r'found fusion_kernel=5 where the model has 3 \(as released: 7 in R50, 5 in R101; set '),
    (dict(depth=101), r'found 23 blocks in layer3 where the model has 6, another depth'),
    (dict(channels=16), r'(?s)found \d+ of these names.*slow_path\.conv1\.conv\.weight is \(16, 3, 1, 7, 7\), exp')])
def test_other_networks_are_refused_and_nothing_is_changed(tmp_path, changed, text):
    model = build()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(CheckpointError, match=text):
        load_initial_weights(model, ego=write(tmp_path, make(SlowFastLayout(**SMALL | changed, num_classes=(3, 4)))))
    assert_taken(model, before)


def test_lateral_connections_of_mmaction2(tmp_path):
    ours = {key: value for key, value in slowfast.from_official(make(EPIC)).items() if '_lateral.bn' not in key}
    path = write(tmp_path, ours | {'cls_head.fc_cls.weight': torch.zeros(5, 288)}, 'mmaction.pth')
    with pytest.raises(CheckpointError, match='as in a Kinetics file of mmaction2, which is another network'):
        load_initial_weights(build(), ego=path)
    config = EPIC.model_config()
    config['backbone'] |= dict(lateral_norm=False, frame_selection='interval')
    model = MODELS.build(dict(type='ClipRecognizer', **config))
    load_initial_weights(model, ego=path)
    assert_taken(model.backbone, inside(ours, 'backbone'))


def test_other_files_are_refused(tmp_path):
    model = build()
    with pytest.raises(CheckpointError, match=r'SUM-L, mmaction2 or we name it, found conv1\.weight \(64, 3, 7, 7\)'):
        load_initial_weights(model, ego=write(tmp_path, {'conv1.weight': torch.zeros(64, 3, 7, 7)}, 'resnet.pth'))
    broken = make(EPIC)
    broken['s1_fuse.bn.bias'][1] = float('nan')
    with pytest.raises(CheckpointError, match='NaN or infinite numbers in 1 of 664 tensors, backbone.slow_path.con'):
        load_initial_weights(model, ego=write(tmp_path, broken))
    with pytest.raises(CheckpointError, match='a model with a third-person stream, SUMLRecognizer'):
        load_initial_weights(model, tpv=write(tmp_path, make(EPIC)))
    with pytest.raises(CheckpointError, match='found nothing'):
        load_initial_weights(model, ego=tmp_path / 'none.pyth')
