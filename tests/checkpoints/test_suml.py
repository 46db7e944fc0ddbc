import logging
from collections import OrderedDict

import pytest
import torch
from mmengine.logging import MMLogger

from egoexo.checkpoints import lemma, slowfast
from egoexo.checkpoints.inspect import inspect_file
from egoexo.checkpoints.suml import (
    SWITCHES,
    count_third_person,
    from_official,
    official_container,
    official_key,
    our_key,
    to_official,
    tpv_state,
)
from egoexo.checkpoints.suml_layout import SumlLayout, official_shapes
from egoexo.errors import CheckpointError
from egoexo.registry import MODELS
from tools import convert_checkpoint

LAYOUT = SumlLayout(depth=50, channels=8, fast_channels=1, fusion_kernel=3, num_classes=(3, 4), tpv_classes=(5, 6),
                    text_dims=7)


def make(layout=LAYOUT):
    return OrderedDict((key, torch.full(shape, number, dtype=torch.int64 if key.endswith('tracked') else torch.float32))
                       for number, (key, shape) in enumerate(official_shapes(layout).items()))


@pytest.fixture()
def told(monkeypatch):
    """Messages of the logger."""
    messages = []
    monkeypatch.setattr(MMLogger.get_current_instance(), 'handle', lambda record: (
        record.levelno > logging.DEBUG and messages.append((record.levelno, record.getMessage()))))
    return messages


@pytest.mark.parametrize(('official', 'ours'), [
    ('s1.pathway0_stem.conv.weight', 'backbone.slow_path.conv1.conv.weight'),
    ('s1_t.pathway0_stem.conv.weight', 'tpv_backbone.slow_path.conv1.conv.weight'),
    ('s4_fuse_t.conv_f2s.weight', 'tpv_backbone.slow_path.layer3_lateral.conv.weight'),
    ('s5_t.pathway1_res2.branch2.c_bn.bias', 'tpv_backbone.fast_path.layer4.2.conv3.bn.bias'),
    ('headepic100.projections.1.bias', 'cls_head.fc_noun.bias'),
    ('head_lemma.projections.0.weight', 'tpv_head.fc_verb.weight'),
    ('global_con_head.fpv_global_proj.weight', 'contrast_head.ego_proj.weight'),
    ('global_con_head.tpv_global_proj.bias', 'contrast_head.tpv_proj.bias')])
def test_names(official, ours):
    assert our_key(official) == ours and official_key(ours) == official


@pytest.mark.parametrize('key', [
    's1_t_t.pathway0_stem.conv.weight', 's5_fuse_t.bn.bias', 's1_t.', 'head_lemma.projections.2.bias',
    'global_con_head.con_proj.weight', 'tpv_backbone.slow_path.layer5.0.conv1.bn.bias', 'tpv_head.fc_action.bias'])
def test_other_names(key):
    assert our_key(key) is None and official_key(key) is None


def test_training_model_round_trip():
    official = make()
    ours = from_official(official, dict(text_dims=7), keep_third_person=True)
    assert len(ours) == len(official) == 1332
    back = to_official({f'module.{key}': value for key, value in ours.items()})
    assert list(back) == list(official) and all(back[key] is official[key] for key in official)


def test_ego_stream_is_what_a_test_needs(told):
    official = make()
    ours = from_official(official)
    own = {key: value for key, value in official.items() if slowfast.our_key(key)}
    assert ours == slowfast.from_official(own)
    assert [level for level, _ in told] == [logging.WARNING]
    assert told[0][1] == ('668 of 1332 tensors serve training only and are left out: 636 s?_t.*, 24 s?_fuse_t.*, '
                          '4 head_lemma.*, 4 global_con_head.*. For SUMLRecognizer convert with keep_third_person.')
    back = to_official(ours)
    assert list(back) == list(own)
    assert list(from_official(back)) == list(ours) and len(told) == 1


def test_ego_stream_has_no_third_person_to_keep():
    with pytest.raises(CheckpointError, match=r'expected the third-person stream, .* found none among 664 tensors'):
        from_official(to_official(from_official(make())), keep_third_person=True)


@pytest.mark.parametrize('keep', [False, True])
def test_loads_strictly(keep):
    official = make()
    parts = LAYOUT.model_config()
    if not keep:
        parts = {name: parts[name] for name in ('backbone', 'cls_head')}
    model = MODELS.build(dict(type='SUMLRecognizer' if keep else 'ClipRecognizer', **parts))
    ours = from_official(official, keep_third_person=keep)
    model.load_state_dict(ours, strict=True)
    found = model.state_dict()
    assert all(torch.equal(found[key], value) for key, value in ours.items())


def test_counts():
    assert count_third_person(make()) == {'s?_t.': 636, 's?_fuse_t.': 24, 'head_lemma.': 4, 'global_con_head.': 4}
    assert count_third_person({'s1.x': 0, 'head_lemma.x': 0}) == {'head_lemma.': 1}


def test_third_person_stream_is_a_teacher():
    official = make()
    stream = tpv_state(official)
    assert len(lemma.from_official(stream)) == 664
    assert stream['readout.projections.0.bias'] is official['head_lemma.projections.0.bias']
    assert stream['s1_fuse.bn.bias'] is official['s1_fuse_t.bn.bias']


def test_incomplete_third_person_is_refused_even_when_it_is_left_out():
    official = make()
    del official['s3_t.pathway0_res1.branch2.a.weight']
    with pytest.raises(CheckpointError, match=r'missing \(1\): s3_t\.pathway0_res1'):
        from_official(official)


def test_by_the_tool(tmp_path, capsys):
    torch.save(official_container(make()), tmp_path / 'epoch_00030.pyth')
    passport = inspect_file(tmp_path / 'epoch_00030.pyth')
    assert (passport.family, passport.naming, passport.problems) == ('suml', 'official', '')
    assert passport.coverage == (1332, 1332) and passport.layout == str(LAYOUT)

    def run(*arguments):
        return convert_checkpoint.main(['suml', *(str(tmp_path / name) if '.' in name else name
                                                  for name in arguments)])

    assert run('epoch_00030.pyth', 'test.pth') == 0
    assert capsys.readouterr().out.endswith('test.pth: 664 tensors, egoexo names\n')
    assert run('epoch_00030.pyth', 'train.pth', '--keep-third-person') == 0
    assert run('train.pth', 'back.pyth', '--reverse') == 0
    back = torch.load(tmp_path / 'back.pyth', weights_only=True)
    assert list(back['model_state']) == list(make())
    families = {name: inspect_file(tmp_path / name) for name in ('test.pth', 'train.pth')}
    assert {name: (found.family, found.naming, found.problems) for name, found in families.items()} == {
        'test.pth': ('slowfast', 'egoexo', ''), 'train.pth': ('suml', 'egoexo', '')}
    assert list(SWITCHES) == ['keep_third_person']
