import pytest

from egoexo.checkpoints.transfer_layout import TransferLayout, check_official, guess_layout, official_shapes
from egoexo.errors import CheckpointError
from egoexo.registry import MODELS

LAYOUTS = {
    'released': TransferLayout(),
    'three layers': TransferLayout(1536, (256, 128, 64), 24),
    'dropout': TransferLayout(20, (12, 8), 5, spacing=4),
    'no activation': TransferLayout(20, (16, 8), 5, spacing=2),
    'no batch normalisation': TransferLayout(20, (16, 8), 6, spacing=2, batch_norm=False),
    'linear layers only': TransferLayout(20, (16, 8), 6, spacing=1, batch_norm=False),
    'dropout without batch normalisation': TransferLayout(20, (16, 8), 6, batch_norm=False),
    'normalised': TransferLayout(20, (12,), 7, normalised=True),
    'linear': TransferLayout(20, (), 7),
    'linear, normalised': TransferLayout(20, (), 7, normalised=True),
}


@pytest.fixture(params=list(LAYOUTS))
def layout(request):
    return LAYOUTS[request.param]


def test_options_are_read_back_from_the_shapes(layout):
    shapes = official_shapes(layout)
    assert guess_layout(shapes) == layout
    check_official(shapes, layout)


def test_head_of_a_layout_has_its_tensors(layout):
    head = MODELS.build(layout.model_config(norm=10, dropout=0.3))
    assert {key: tuple(value.shape) for key, value in head.state_dict().items()} == official_shapes(layout)
    assert head.norm == 10 * layout.normalised


def test_differences_are_listed(layout):
    shapes = official_shapes(layout)
    last = next(key for key in shapes if key in ('out.weight', 'linear.weight'))
    shapes[last] = (shapes[last][0], 3)
    shapes['extra.weight'] = (1,)
    with pytest.raises(CheckpointError, match=r'(?s)a classifier of LaGTran with TransferLayout.*unexpected \(1\): '
                                              r'extra\.weight.*wrong shape \(1\): '):
        check_official(shapes, layout)


@pytest.mark.parametrize('shapes', [
    {}, {'out.weight': (2, 3)}, {'mlp.0.weight': (3, 4)}, {'mlp.3.weight': (3, 4), 'out.weight': (2, 3)},
    {'mlp.0.weight': (3,), 'out.weight': (2, 3)}, {'linear.weight': (3,)},
    {'mlp.99999999999999999999.weight': (3, 4), 'out.weight': (2, 3)}, {'\x1b[31m': (1,)}])
def test_foreign_shapes_are_refused(shapes):
    with pytest.raises(CheckpointError, match=r'not a classifier of LaGTran: expected 2-D tensors mlp\.0\.weight and'):
        guess_layout(shapes)


def test_layers_at_uneven_places_do_not_fit():
    shapes = official_shapes(LAYOUTS['three layers'])
    shapes = {key.replace('mlp.6.', 'mlp.9999.'): shape for key, shape in shapes.items()}
    with pytest.raises(CheckpointError, match=r'missing \(2\): mlp\.6\.weight, mlp\.6\.bias'):
        check_official(shapes, guess_layout(shapes))
