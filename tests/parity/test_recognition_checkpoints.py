"""Official checkpoints of recognition: names, order, shapes and types of every released network, both ways."""

import json

import pytest
import torch
from mmengine.config import Config
from parity_support import fill_state
from tests_support import REPO, parity_dir

from egoexo.checkpoints import inspect, suml
from egoexo.checkpoints.families import FAMILIES
from egoexo.checkpoints.loading import find_state_dict, load_checkpoint_file
from egoexo.checkpoints.slowfast_layout import SlowFastLayout
from egoexo.registry import MODELS

OWNS = {'recognition': ['*.keys.json']}

ROOT = parity_dir('recognition')
#: One of each network that was released, or whose weights were.
CONFIGS = ('slowfast_r50_epic100-ego', 'slowfast_r101_epic100-ego', 'slowfast_r50_epic55-ego',
           'egoexostar_r50_epic100-ego', 'egoexo_r50_k400-exo', 'slowfast_r101_lemma-exo', 'suml_r101_epic100-egoexo')
KEYS = {path.name.removesuffix('.keys.json'): json.loads(path.read_text()) for path in ROOT.glob('*.keys.json')}


def family_of(name):
    """By what the names are, as --inspect decides it."""
    keys = [key for key, _, _ in KEYS[name]]
    if any(key.startswith('s1_t.') for key in keys):
        return FAMILIES['suml']
    return FAMILIES['lemma' if any(key.startswith('readout.') for key in keys) else 'slowfast']


def official_state(name):
    """Tensors that take no memory, each with a value of its own: one number seen as the whole shape."""
    return {key: torch.full((), number, dtype=getattr(torch, dtype)).expand(shape)
            for number, (key, shape, dtype) in enumerate(KEYS[name])}


def whole(name):
    """The model with every tensor of the file, without memory for its weights."""
    layout = family_of(name).guess({key: tuple(shape) for key, shape, _ in KEYS[name]})
    kind = 'SUMLRecognizer' if family_of(name).name == 'suml' else 'ClipRecognizer'
    with torch.device('meta'):
        return MODELS.build(dict(type=kind, **layout.model_config()))


def smallest():
    """Name of the network with the fewest values."""
    return min(KEYS, key=lambda name: sum(torch.Size(shape).numel() for _, shape, _ in KEYS[name]))


def switches(name):
    """All of a file, for the model with every tensor."""
    return dict.fromkeys(family_of(name).switches, True)


@pytest.mark.parametrize('name', KEYS)
def test_names_order_and_shapes(name):
    family = family_of(name)
    shapes = {key: tuple(shape) for key, shape, _ in KEYS[name]}
    layout = family.guess(shapes)
    assert list(family.shapes(layout).items()) == list(shapes.items())
    family.check(shapes, layout)
    official = official_state(name)
    ours = family.from_official(official, **switches(name))
    assert len(ours) == len(official)
    back = family.to_official(ours)
    assert [(key, list(value.shape), str(value.dtype).removeprefix('torch.')) for key, value in back.items()] == [
        (key, list(shape), dtype) for key, shape, dtype in KEYS[name]]
    assert all(back[key] is official[key] for key in official)


@pytest.mark.parametrize('name', [name for name, keys in KEYS.items() if any('pathway1' in key for key, _, _ in keys)])
def test_every_tensor_has_its_place_in_our_model(name):
    ours = family_of(name).from_official(official_state(name), **switches(name))
    model = whole(name)
    wanted = model.state_dict()
    assert {key: (value.shape, value.dtype) for key, value in ours.items()} == {
        key: (value.shape, value.dtype) for key, value in wanted.items()}
    model.load_state_dict(ours, strict=True, assign=True)
    found = model.state_dict()
    assert all(found[key].data_ptr() == value.data_ptr() for key, value in ours.items() if value.is_floating_point())


@pytest.mark.parametrize('name', [name for name, keys in KEYS.items() if not any('pathway1' in key
                                                                                for key, _, _ in keys)])
def test_slow_pathway_alone_fits_the_slow_network(name):
    ours = family_of(name).from_official(official_state(name))
    with torch.device('meta'):
        backbone = MODELS.build(dict(
            type='mmaction.ResNet3dSlowOnly', depth=50, pretrained=None, lateral=False, conv1_kernel=(1, 7, 7),
            conv1_stride_t=1, pool1_stride_t=1, inflate=(0, 0, 1, 1)))
    inside = {key.removeprefix('backbone.slow_path.'): value.shape for key, value in ours.items() if 'backbone' in key}
    assert inside == {key: value.shape for key, value in backbone.state_dict().items()}


def test_values_through_a_model():
    """The smallest of them, with drawn weights that are copied."""
    name = smallest()
    official = fill_state(KEYS[name], 'through a model')
    model = whole(name).to_empty(device='cpu')
    model.load_state_dict(family_of(name).from_official(official, **switches(name)), strict=True)
    back = family_of(name).to_official(model.state_dict())
    assert list(back) == list(official) and all(torch.equal(back[key], official[key]) for key in official)


@pytest.mark.parametrize('name', KEYS)
def test_container_is_recognised(name, tmp_path, monkeypatch):
    """As PySlowFast writes it. A file of this size would only take time: its content is handed over."""
    family = family_of(name)
    state = {key: value.new_zeros((), dtype=torch.uint8).expand(value.shape)
             for key, value in official_state(name).items()}
    monkeypatch.setattr(inspect, 'load_checkpoint_file', lambda *_: family.container(state))
    path = tmp_path / 'checkpoint_epoch_00030.pyth'
    path.touch()
    passport = inspect.inspect_file(path)
    assert (passport.family, passport.naming, passport.problems) == (family.name, 'official', '')
    assert passport.coverage == (len(KEYS[name]), len(KEYS[name]))
    assert passport.container == "state dict under 'model_state'"
    assert set(passport.extras) == {'epoch', 'optimizer_state', 'cfg'}


def test_file(tmp_path):
    """The smallest of them, read as data."""
    name = smallest()
    family, official = family_of(name), fill_state(KEYS[name], 'file')
    torch.save(family.container(official), tmp_path / 'checkpoint_epoch_00030.pyth')
    where, state = find_state_dict(load_checkpoint_file(tmp_path / 'checkpoint_epoch_00030.pyth'))
    assert where == 'model_state' and list(state) == list(official)
    assert all(torch.equal(state[key], value) for key, value in official.items())


def test_shipped_configs_are_the_released_networks():
    found = []
    for name in CONFIGS:
        config = Config.fromfile(REPO / f'configs/recognition/{name}.py').model
        config.initial_weights = None
        with torch.device('meta'):
            found.append({key: value.shape for key, value in MODELS.build(config).state_dict().items()})
    for name in KEYS:
        layout = family_of(name).guess({key: tuple(shape) for key, shape, _ in KEYS[name]})
        if layout.channels == 64 and layout.fast_channels:
            ours = family_of(name).from_official(official_state(name), **switches(name))
            assert {key: value.shape for key, value in ours.items()} in found, f'no config for {name}'


def test_parameter_counts():
    expected = json.loads((ROOT / 'models_summary.json').read_text())
    buffers = ('running_mean', 'running_var', 'num_batches_tracked')
    for name, summary in expected.items():
        shapes = family_of(name).shapes(family_of(name).guess({key: tuple(shape) for key, shape, _ in KEYS[name]}))
        parameters = sum(torch.Size(shape).numel() for key, shape in shapes.items() if not key.endswith(buffers))
        assert (len(shapes), parameters) == (summary['n_keys'], summary['params']), name


def test_ego_stream_of_suml_is_its_test_model():
    """Without the third-person stream a training file is one of the plain networks, by name and order."""
    for name in (name for name in KEYS if family_of(name).name == 'suml'):
        rest = suml.to_official(suml.from_official(official_state(name)))
        layout = FAMILIES['slowfast'].guess({key: tuple(value.shape) for key, value in rest.items()})
        assert list(rest) == list(FAMILIES['slowfast'].shapes(layout))
        if layout == SlowFastLayout():
            plain = [list(keys) for keys in ([key for key, _, _ in rows] for rows in KEYS.values())]
            assert list(rest) in plain
            assert len(KEYS[name]) - len(rest) == 1280
