from collections import OrderedDict

import pytest
import torch

from egoexo.checkpoints.inspect import inspect_file
from egoexo.checkpoints.lemma import from_official, guess_layout, official_key, our_key, to_official
from egoexo.checkpoints.slowfast import official_container
from egoexo.checkpoints.slowfast_layout import LemmaLayout, official_shapes
from egoexo.errors import CheckpointError
from egoexo.registry import MODELS
from tools import convert_checkpoint

LAYOUT = LemmaLayout(depth=50, channels=8, fast_channels=1, fusion_kernel=3)


def make():
    return OrderedDict((key, torch.full(shape, number, dtype=torch.int64 if key.endswith('tracked') else torch.float32))
                       for number, (key, shape) in enumerate(official_shapes(LAYOUT).items()))


def test_names():
    assert our_key('readout.projections.1.bias') == 'cls_head.fc_noun.bias'
    assert official_key('cls_head.fc_noun.bias') == 'readout.projections.1.bias'
    assert our_key('s2_fuse.bn.bias') == 'backbone.slow_path.layer1_lateral.bn.bias'
    assert official_key('backbone.slow_path.layer1_lateral.bn.bias') == 's2_fuse.bn.bias'
    assert all(name is None for key in ('headepic100.projections.0.bias', 'head_lemma.projections.0.bias', 'readout.x')
               for name in (our_key(key), official_key(key)))
    assert official_key('cls_head.fc_action.bias') is None


def test_round_trip_through_the_model():
    official = make()
    assert guess_layout({key: tuple(value.shape) for key, value in official.items()}) == LAYOUT
    model = MODELS.build(dict(type='ClipRecognizer', **LAYOUT.model_config()))
    model.load_state_dict(from_official(official, dict(depth=50)), strict=True)
    back = to_official(model.state_dict())
    assert list(back) == list(official) and all(torch.equal(back[key], official[key]) for key in official)


def test_other_heads_are_refused():
    state = OrderedDict((key.replace('readout', 'headepic100'), value) for key, value in make().items())
    with pytest.raises(CheckpointError, match=r'(?s)missing \(4\): readout\..*unexpected \(4\): headepic100'):
        from_official(state)


def test_by_the_tool(tmp_path):
    torch.save(official_container(make()), tmp_path / 'lemma.pyth')
    passport = inspect_file(tmp_path / 'lemma.pyth')
    assert (passport.family, passport.naming, passport.problems) == ('lemma', 'official', '')
    for source, target, *rest in (('lemma.pyth', 'ours.pth'), ('ours.pth', 'back.pyth', '--reverse')):
        assert convert_checkpoint.main(['lemma', str(tmp_path / source), str(tmp_path / target), *rest]) == 0
    passport = inspect_file(tmp_path / 'ours.pth')
    assert (passport.family, passport.naming, passport.problems) == ('lemma', 'egoexo', '')
    assert list(torch.load(tmp_path / 'back.pyth', weights_only=True)['model_state']) == list(make())
