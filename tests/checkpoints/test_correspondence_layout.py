import dataclasses

import pytest

from egoexo.checkpoints.correspondence_layout import (
    CorrespondenceLayout,
    check_official,
    guess_layout,
    official_shapes,
    sequential_name,
)
from egoexo.errors import CheckpointError
from egoexo.registry import MODELS

LAYOUTS = {
    'released': CorrespondenceLayout(),
    'other widths': CorrespondenceLayout(embed_dims=16, feedforward_channels=24, mid_channels=6, hidden_channels=5,
                                         feat_size=7),
    'six blocks': CorrespondenceLayout(embed_dims=16, layers='ICICICICICIN'),
    'unusual layers': CorrespondenceLayout(embed_dims=16, layers='CICI'),
    'first layer empty': CorrespondenceLayout(embed_dims=16, layers='NICC'),
}


@pytest.fixture(params=list(LAYOUTS))
def layout(request):
    return LAYOUTS[request.param]


def test_number_of_tensors():
    shapes = official_shapes(CorrespondenceLayout())
    assert [sum(key.startswith(f'{part}.') for key in shapes) for part in ('backbone', 'encoder')] == [258, 108]


def test_options_are_read_back_from_the_shapes(layout):
    shapes = official_shapes(layout)
    found = guess_layout(shapes)
    # Without an inner layer at the beginning, the width of its linear layers shows elsewhere only.
    assert found == (layout if layout.layers[0] == 'I' else dataclasses.replace(layout, feedforward_channels=16))


def test_model_of_a_layout_has_its_tensors():
    layout = LAYOUTS['other widths']
    model = MODELS.build(dict(type='XSegTx', data_preprocessor=dict(type='mmengine.BaseDataPreprocessor'),
                              **layout.model_config()))
    assert len(model.state_dict()) == len(official_shapes(layout))


def test_index_of_a_stage():
    assert [sequential_name(key) for key in ('conv1.weight', 'bn1.bias', 'layer3.5.bn3.weight')] == [
        '0.weight', '1.bias', '6.5.bn3.weight']


def test_differences_are_listed():
    shapes = official_shapes(CorrespondenceLayout())
    del shapes['backbone.0.weight']
    shapes |= {'encoder.net.decoder.deconv2.bias': (1,), 'encoder.net.mlp.weight': (1, 2)}
    with pytest.raises(CheckpointError, match=(
            r'(?s)XSegTx with CorrespondenceLayout.*missing \(1\): backbone\.0\.weight.*unexpected \(1\): encoder\.'
            r'net\.mlp\.weight.*wrong shape \(1\): encoder\.net\.decoder\.deconv2\.bias \(1,\) instead of \(3,\)')):
        check_official(shapes, guess_layout(shapes))


@pytest.mark.parametrize('shapes', [
    {}, {'backbone.0.weight': (64, 3, 7, 7)}, {'encoder.net.feat_proj.weight': (256, 1024, 1, 1)},
    dict.fromkeys(official_shapes(CorrespondenceLayout()), ())])
def test_foreign_shapes_are_refused(shapes):
    with pytest.raises(CheckpointError, match=r'not a checkpoint of XSegTx: expected tensors net\.feat_proj\.weight, '):
        guess_layout(shapes)


def test_a_forged_number_of_blocks_costs_nothing():
    shapes = official_shapes(CorrespondenceLayout())
    shapes['encoder.net.encoder_blocks.9999.layer1.inner_encoder_layer.norm1.weight'] = (256,)
    layout = guess_layout(shapes)
    assert len(layout.layers) <= 2 * len(shapes)
    with pytest.raises(CheckpointError, match=r'unexpected \(1\): encoder\.net\.encoder_blocks\.9999'):
        check_official(shapes, layout)
