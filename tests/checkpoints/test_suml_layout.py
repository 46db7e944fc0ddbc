import math

import pytest

from egoexo.checkpoints.slowfast_layout import SlowFastLayout
from egoexo.checkpoints.slowfast_layout import official_shapes as slowfast_shapes
from egoexo.checkpoints.suml_layout import (
    THIRD_PERSON,
    SumlLayout,
    check_official,
    guess_layout,
    is_third_person,
    official_shapes,
)
from egoexo.errors import CheckpointError

SMALL = dict(depth=50, channels=8, fast_channels=1, fusion_kernel=3)
LAYOUTS = {
    'released': SumlLayout(),
    'small': SumlLayout(**SMALL, num_classes=(3, 4), tpv_classes=(5, 6), text_dims=7),
    'EPIC-KITCHENS-55': SumlLayout(**SMALL, num_classes=(125, 352), head='headepic.projections'),
    'ego alone': SumlLayout(**SMALL, tpv_classes=(), text_dims=0),
}


@pytest.mark.parametrize('name', LAYOUTS)
def test_layout_is_read_back(name):
    shapes = official_shapes(LAYOUTS[name])
    assert guess_layout(shapes) == LAYOUTS[name]
    check_official(shapes, LAYOUTS[name])


def test_counts_of_the_released_network():
    shapes = official_shapes(SumlLayout())
    trained = [shape for key, shape in shapes.items()
               if not key.endswith(('running_mean', 'running_var', 'num_batches_tracked'))]
    assert (len(shapes), sum(map(math.prod, trained))) == (2556, 126_700_406)
    assert sum(map(is_third_person, shapes)) == 1280


def test_ego_stream_is_a_slowfast():
    own = {key: shape for key, shape in official_shapes(SumlLayout()).items() if not is_third_person(key)}
    assert own == slowfast_shapes(SlowFastLayout())
    assert official_shapes(LAYOUTS['ego alone']) == slowfast_shapes(SlowFastLayout(**SMALL))


def test_names_of_the_third_person():
    assert list(THIRD_PERSON) == ['s?_t.', 's?_fuse_t.', 'head_lemma.', 'global_con_head.']
    assert not any(map(is_third_person, ('s1.x', 's1_fuse.x', 'headepic100.x', 's6_t.x', 's5_fuse_t.x', 'x.s1_t.')))
    assert all(map(is_third_person, ('s5_t.x', 's4_fuse_t.x', 'head_lemma.x', 'global_con_head.x')))


def test_parts_of_the_model():
    parts = LAYOUTS['small'].model_config()
    assert list(parts) == ['backbone', 'cls_head', 'tpv_backbone', 'tpv_head', 'contrast_head']
    assert parts['tpv_backbone'] == parts['backbone']
    assert (parts['cls_head']['pool'], parts['cls_head']['num_classes']) == ('global', dict(verb=3, noun=4))
    assert parts['tpv_head']['activation'] == 'sigmoid' and parts['tpv_head']['num_classes'] == dict(verb=5, noun=6)
    assert parts['contrast_head']['dim'] == 7
    assert list(LAYOUTS['ego alone'].model_config()) == ['backbone', 'cls_head']


def test_differences_are_listed():
    shapes = official_shapes(LAYOUTS['small'])
    del shapes['s3_fuse_t.bn.bias']
    shapes['head_lemma.projections.1.bias'] = (7,)
    with pytest.raises(CheckpointError, match=r'(?s)SUM-L with SumlLayout.*missing \(1\): s3_fuse_t\.bn\.bias.*'
                                              r'head_lemma\.projections\.1\.bias \(7,\) instead of \(6,\)'):
        check_official(shapes, guess_layout(shapes))


def test_third_person_alone():
    shapes = {key: shape for key, shape in official_shapes(LAYOUTS['small']).items() if is_third_person(key)}
    with pytest.raises(CheckpointError, match='not a SlowFast of PySlowFast: .* found 0 tensors'):
        guess_layout(shapes)
