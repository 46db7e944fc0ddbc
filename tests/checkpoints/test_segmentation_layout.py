import pytest

from egoexo.checkpoints.segmentation_layout import SegmentationLayout, check_official, guess_layout, official_shapes
from egoexo.registry import MODELS


def test_options_are_read_back_from_the_shapes(layout):
    assert guess_layout(official_shapes(layout)) == layout


def test_released_size():
    shapes = official_shapes(SegmentationLayout())
    assert len(shapes) == 180
    assert list(shapes)[:4] == ['stage1.conv_1x1.weight', 'stage1.conv_1x1.bias',
                                'stage1.layers.0.conv_dilated.weight', 'stage1.layers.0.conv_dilated.bias']


def test_model_of_a_layout_has_its_tensors(layout):
    head = dict(type='FrameHead', num_classes=layout.num_classes, loss=[dict(type='StageCrossEntropy')])
    model = MODELS.build(dict(type='Segmentor', head=head, **layout.model_config()))
    assert sorted(tuple(value.shape) for value in model.state_dict().values()) == sorted(
        official_shapes(layout).values())


def test_differences_are_listed(layout):
    shapes = official_shapes(layout)
    check_official(shapes, layout)
    missing = shapes.pop('stage1.layers.1.conv_1x1.bias')
    shapes['stage1.extra.weight'] = missing
    shapes['ad_net_cls.0.bias'] = (3,)
    with pytest.raises(ValueError) as error:
        check_official(shapes, layout)
    text = str(error.value)
    assert 'missing (1): stage1.layers.1.conv_1x1.bias' in text
    assert 'unexpected (1): stage1.extra.weight' in text
    assert 'wrong shape (1): ad_net_cls.0.bias (3,) instead of (2,)' in text


def test_long_lists_are_cut():
    with pytest.raises(ValueError, match=r'missing \(180\): .* and 160 more'):
        check_official({}, SegmentationLayout())


def test_foreign_shapes_are_refused():
    with pytest.raises(ValueError, match=r'not an EgoExoLearn segmentation checkpoint.*found keys like backbone\.fc'):
        guess_layout({'backbone.fc.weight': (3, 3)})


def test_forged_index_does_not_cost_memory():
    shapes = official_shapes(SegmentationLayout()) | {'stages.999999999.conv_1x1.bias': (64,)}
    assert guess_layout(shapes).num_stages <= len(shapes) + 1
