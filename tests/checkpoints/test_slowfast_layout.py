import math

import pytest

from egoexo.checkpoints.official_state import count_indices
from egoexo.checkpoints.slowfast_layout import (
    LemmaLayout,
    SlowFastLayout,
    backbone_shapes,
    check_official,
    current_name,
    guess_layout,
    head_shapes,
    list_shapes,
    official_shapes,
)
from egoexo.errors import CheckpointError

SMALL = dict(depth=50, channels=8, fast_channels=1, fusion_kernel=3)
LAYOUTS = {
    'R50 of EPIC-KITCHENS-55': SlowFastLayout(50, fusion_kernel=7, num_classes=(125, 352),
                                              head='headepic.projections'),
    'R101 of EPIC-KITCHENS-100': SlowFastLayout(),
    'R152': SlowFastLayout(152),
    'small': SlowFastLayout(**SMALL, num_classes=(3, 4)),
    'Kinetics': SlowFastLayout(**SMALL, num_classes=(400,), head='head.projection'),
    'Ego-Exo*': SlowFastLayout(**SMALL, map_channels=6),
    'pre-training': SlowFastLayout(**SMALL, num_classes=(400, 2, 1000), head='head.projections', map_channels=6),
    'slow': SlowFastLayout(50, 8, 0, 5, num_classes=(400, 2, 1000), head='head.projections', map_channels=6),
    'teacher': LemmaLayout(**SMALL),
}


@pytest.mark.parametrize('name', LAYOUTS)
def test_layout_is_read_back(name):
    layout = LAYOUTS[name]
    shapes = official_shapes(layout)
    assert guess_layout(shapes, type(layout)) == layout
    check_official(shapes, layout)


@pytest.mark.parametrize(('name', 'keys', 'parameters'), [
    ('R50 of EPIC-KITCHENS-55', 664, 34_743_973), ('R101 of EPIC-KITCHENS-100', 1276, 62_820_053)])
def test_counts_of_the_released_networks(name, keys, parameters):
    shapes = official_shapes(LAYOUTS[name])
    trained = {key: shape for key, shape in shapes.items()
               if not key.endswith(('running_mean', 'running_var', 'num_batches_tracked'))}
    assert (len(shapes), sum(map(math.prod, trained.values()))) == (keys, parameters)


def test_shapes_of_some_layers():
    shapes = official_shapes(SlowFastLayout(50, fusion_kernel=7))
    assert [shapes[f'{key}.weight'] for key in (
        's1.pathway0_stem.conv', 's1.pathway1_stem.conv', 's1_fuse.conv_f2s', 's2.pathway0_res0.branch1',
        's4.pathway0_res0.branch2.a', 's5.pathway1_res2.branch2.c', 'headepic100.projections.1')] == [
            (64, 3, 1, 7, 7), (8, 3, 5, 7, 7), (16, 8, 7, 1, 1), (256, 80, 1, 1, 1), (256, 640, 3, 1, 1),
            (256, 64, 1, 1, 1), (300, 2304)]
    assert count_indices(shapes, r's4\.pathway0_res(\d+)') == 6
    assert list(backbone_shapes(SlowFastLayout())) == ['s1', 's1_fuse', 's2', 's2_fuse', 's3', 's3_fuse', 's4',
                                                       's4_fuse', 's5']
    assert list(backbone_shapes(LAYOUTS['slow'])) == ['s1', 's2', 's3', 's4', 's5']
    assert head_shapes('readout.projections', (2, 3), 5) == {
        'readout.projections.0.weight': (2, 5), 'readout.projections.0.bias': (2,),
        'readout.projections.1.weight': (3, 5), 'readout.projections.1.bias': (3,)}
    assert head_shapes('head.projection', (2,), 5) == {'head.projection.weight': (2, 5), 'head.projection.bias': (2,)}


def test_parts_of_the_model():
    parts = LAYOUTS['Ego-Exo*'].model_config()
    assert parts['backbone'] == dict(type='SlowFast', depth=50, base_channels=8, beta_inv=8, fusion_kernel=3)
    assert parts['cls_head'] == dict(type='MultiTaskHead', in_channels=(256, 32), pool='window', window=7,
                                     num_classes=dict(verb=97, noun=300))
    assert parts['auxiliary_head'] == dict(type='InteractionMapHead', in_channels=256, channels=6)
    assert LAYOUTS['pre-training'].model_config()['cls_head']['num_classes'] == dict(action=400, ego=2, object=1000)
    assert 'auxiliary_head' not in SlowFastLayout().model_config()


def test_early_name_of_the_map_head():
    shapes = {key.replace('handobj', 'headobj'): shape for key, shape in official_shapes(LAYOUTS['Ego-Exo*']).items()}
    assert guess_layout(shapes) == LAYOUTS['Ego-Exo*']
    check_official(shapes, LAYOUTS['Ego-Exo*'])
    assert current_name('headobjhead.score_projection.bias') == 'handobjhead.score_projection.bias'
    assert current_name('s1_fuse.bn.bias') == 's1_fuse.bn.bias'


@pytest.mark.parametrize(('shapes', 'text'), [
    ({}, r'found 0 tensors like no tensors\. Run tools/convert_checkpoint\.py --inspect'),
    ({'fc.weight': (3, 4), 'fc.bias': (3,)}, r'found 2 tensors like fc\.weight \(3, 4\), fc\.bias \(3,\)\.'),
    ({'s1.pathway0_stem.conv.weight': (64, 3, 7, 7)}, r'a 5-D tensor s1\.pathway0_stem\.conv\.weight, found 1'),
    ({'s1_t.pathway0_stem.conv.weight': (64, 3, 1, 7, 7)}, r'a training model of SUM-L\. Convert it with the family '),
    ({'backbone.slow_path.conv1_lateral.conv.weight': (16, 8, 7, 1, 1)},
     r'(?s)lateral_norm=False, which does not\. It is another.*fast channels first'),
    ({'slow_path.conv1_lateral.bn.bias': (16,)}, r'those of this toolbox\. Use it as it is, or pass --reverse')])
def test_other_files(shapes, text):
    with pytest.raises(CheckpointError, match=text):
        guess_layout(shapes)


def test_fusion_without_normalisation():
    shapes = {key: shape for key, shape in official_shapes(LAYOUTS['small']).items() if '_fuse.bn' not in key}
    with pytest.raises(CheckpointError, match=r'(?s)normalised fusion.*\n  a network with lateral_norm=False, as tho'):
        check_official(shapes, LAYOUTS['small'])


def test_differences_are_listed():
    shapes = official_shapes(LAYOUTS['small']) | {'headepic100.projections.2.weight': (5, 288)}
    del shapes['s3_fuse.bn.bias']
    shapes['s1_fuse.bn.bias'] = (7,)
    with pytest.raises(CheckpointError, match=r'(?s)missing \(1\): s3_fuse\.bn\.bias.*unexpected \(1\): headepic100\.'
                                              r'projections\.2.*s1_fuse\.bn\.bias \(7,\) instead of \(2,\)'):
        check_official(shapes, guess_layout(shapes))


@pytest.mark.parametrize('changed', [(0, 3, 1, 7, 7), (10**9, 3, 1, 7, 7)])
def test_forged_sizes_cost_nothing(changed):
    shapes = official_shapes(LAYOUTS['small']) | {'s1.pathway0_stem.conv.weight': changed}
    with pytest.raises(CheckpointError, match='wrong shape'):
        check_official(shapes, guess_layout(shapes))


def test_list_of_shapes():
    assert list_shapes({'a\x1b': (1,), 'b': ()}, 1) == r'a\x1b (1,)'
    assert list_shapes({}) == 'no tensors'
