import fnmatch
import hashlib
import textwrap

import numpy as np
import pytest
import torch
from file_server import send, serve

from egoexo.apis import SegmentationInferencer, get_model, init_model, list_models, model_card
from egoexo.apis.zoo_index import add_to_zoo, zoo_folder
from egoexo.checkpoints.saving import checkpoint_bytes
from egoexo.checkpoints.segmentation import to_official
from egoexo.errors import CheckpointError, ConfigError

SMALL = '''
model = dict(
    type='Segmentor', data_preprocessor=dict(type='SequenceDataPreprocessor'),
    backbone=dict(type='MultiStageTCN', in_channels=6, num_classes=28, num_stages=2, num_layers=2, channels=8,
                  dropout=0.5),
    head=dict(type='FrameHead', num_classes=28, upsample=5, loss=[dict(type='StageCrossEntropy')]),
    adaptation=dict(type='DomainHeads', channels=8, num_stages=2))
test_dataloader = dict(dataset=dict(type='ConcatSubsets', datasets=[dict(
    type='SegmentationDataset', ann_file='x', view='ego', pipeline=[
        dict(type='LoadSequence', feature=dict(benchmark='segmentation', dim=6)),
        dict(type='SampleSequence', step=5, trim=False), dict(type='PackInputs')])]))
'''


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """A model index of three small models: published by a server, converted from its official file, made here."""
    monkeypatch.setenv('EGOEXO_HOME', str(tmp_path / 'home'))
    monkeypatch.setenv('EGOEXO_ZOO', str(tmp_path / 'zoo'))
    monkeypatch.setenv('no_proxy', '*')
    root = tmp_path / 'index'
    (root / 'configs' / 'segmentation').mkdir(parents=True)
    for name in ('small_published', 'small_converted', 'mini_small'):
        (root / 'configs' / 'segmentation' / f'{name}.py').write_text(SMALL)
    monkeypatch.setattr(model_card, 'config_folders', lambda: [root / 'configs'])
    torch.manual_seed(0)
    state = init_model(root / 'configs' / 'segmentation' / 'mini_small.py', device='cpu').state_dict()
    data = checkpoint_bytes({'state_dict': state, 'meta': {'dataset_meta': {'label_fps': 25.0}}})
    torch.save(to_official(state, None), tmp_path / 'epoch-7.model', _use_new_zipfile_serialization=False)
    official = (tmp_path / 'epoch-7.model').read_bytes()
    with serve() as server:
        server.files |= {'/small.pth': data, '/epoch-7.model': official}
        (root / 'model-index.yml').write_text('Import: [metafile.yml]')
        (root / 'metafile.yml').write_text(textwrap.dedent(f'''
            Collections: [{{Name: C}}]
            Models:
              - {{Name: small_published, In Collection: C, Config: configs/segmentation/small_published.py,
                  Weights: {{URL: '{server.url}/small.pth', SHA256: {hashlib.sha256(data).hexdigest()}}}}}
              - {{Name: small_converted, In Collection: C, Config: configs/segmentation/small_converted.py,
                  Converted From: {{Family: segmentation, URL: '{server.url}/epoch-7.model',
                                    SHA256: {hashlib.sha256(official).hexdigest()}}}}}
              - {{Name: mini_small, In Collection: C, Config: configs/segmentation/mini_small.py, Made By: make mini}}
            '''))
        server.state = state
        server.data = data
        yield server


def same(model, state):
    return all(torch.equal(value, state[key]) for key, value in model.state_dict().items())


def test_published_weights_survive_an_interruption(zoo):
    zoo.tricks = [lambda handler, content: send(handler, content, keep=1000)]
    model = get_model('small_published', pretrained=True, device='cpu')
    assert same(model, zoo.state) and not model.training and model.dataset_meta == {'label_fps': 25.0}
    assert zoo.requests[1]['Range'] == 'bytes=1000-'
    assert same(init_model('small_published', True, 'cpu'), zoo.state) and len(zoo.requests) == 2


def test_converted_weights(zoo):
    assert same(get_model('small_converted', pretrained=True, device='cpu'), zoo.state)


def test_made_weights_and_the_list(zoo):
    with pytest.raises(CheckpointError, match='expected weights of mini_small, found none. .* run `make mini`'):
        get_model('mini_small', pretrained=True)
    assert list_models(with_weights=True) == ['small_converted', 'small_published']
    zoo_folder().mkdir()
    (zoo_folder() / 'mini.pth').write_bytes(zoo.data)
    add_to_zoo('mini_small', zoo_folder() / 'mini.pth', 'mini_small.py', {})
    assert same(get_model('mini_small', pretrained=True, device='cpu'), zoo.state)
    assert list_models(with_weights=True) == list_models() == ['mini_small', 'small_converted', 'small_published']


def test_own_file_url_and_random_weights(zoo, tmp_path):
    (tmp_path / 'mine.pth').write_bytes(zoo.data)
    assert same(get_model('mini_small', pretrained=tmp_path / 'mine.pth', device='cpu'), zoo.state)
    url = f'{zoo.url}/small.pth#sha256={hashlib.sha256(zoo.data).hexdigest()}'
    assert same(get_model('mini_small', pretrained=url, device='cpu'), zoo.state)
    assert not same(get_model('small_published', device='cpu'), zoo.state)


def test_cfg_options_change_the_model(zoo):
    model = get_model('mini_small', device='cpu', cfg_options={'model.backbone.dropout': 0.25})
    assert model.cfg.model.backbone.dropout == 0.25
    with pytest.raises(ConfigError, match='found a Config that is read already'):
        init_model(model.cfg, cfg_options={'model.backbone.dropout': 0.25})


def test_inferencer_takes_names(zoo):
    inferencer = SegmentationInferencer('small_published', True, device='cpu')
    assert same(inferencer.model, zoo.state)
    result, = inferencer(np.ones((40, 6), np.float32))
    assert len(result['labels']) == 40


def test_true_needs_a_card(zoo, tmp_path):
    (tmp_path / 'mine.py').write_text(SMALL)
    with pytest.raises(ConfigError, match="There is no model 'mine'. Nearest: "):
        init_model(tmp_path / 'mine.py', True)


def test_unknown_name(zoo):
    with pytest.raises(ConfigError, match="There is no model 'small_publishd'. Nearest: small_published"):
        get_model('small_publishd')


@pytest.mark.parametrize(('pattern', 'some', 'other'), [
    (None, 'mstcn_i3d_egoexolearn-ego', None),
    ('mini_*', 'mini_mstcn_i3d_egoexolearn-exo', 'mstcn_i3d_egoexolearn-exo'),
    ('*-gaze', 'mstcn_i3d_egoexolearn-ego-gaze', 'mstcn_i3d_egoexolearn-ego'),
    ('gaze', 'mstcn_i3d_egoexolearn-ego2exo-gaze', 'mstcn_i3d_egoexolearn-exo'),
    ('*2e?o', 'mstcn_i3d_egoexolearn-ego2exo', 'mstcn_i3d_egoexolearn-ego2exo-gaze'),
    ('mini_mstcn_i3d_egoexolearn-ego', 'mini_mstcn_i3d_egoexolearn-egoexo', 'mstcn_i3d_egoexolearn-ego')])
def test_patterns(pattern, some, other):
    names = list_models(pattern, benchmark='segmentation')
    everything = list_models(benchmark='segmentation')
    wanted = (pattern or '*') if any(sign in (pattern or '*') for sign in '*?') else f'*{pattern}*'
    assert names == sorted(name for name in everything if fnmatch.fnmatch(name, wanted))
    assert some in names and other not in names
    assert not list_models('none', benchmark='segmentation')


def test_benchmark_without_models():
    assert list_models(benchmark='captioning') == []
