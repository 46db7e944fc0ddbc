import logging
import sys

import pytest
import torch
from mmengine.config import Config

import egoexo.apis
from egoexo.apis.init_model import init_model, load_weights, resolve_config
from egoexo.errors import CheckpointError, ConfigError

MODEL = {'type': 'Segmentor', 'backbone': {'type': 'MultiStageTCN', 'in_channels': 6, 'num_classes': 28,
                                           'num_stages': 1, 'num_layers': 1, 'channels': 4},
         'head': {'type': 'FrameHead', 'num_classes': 28, 'loss': [{'type': 'StageCrossEntropy'}]}}


@pytest.fixture
def model():
    return init_model(Config({'model': MODEL}), device='cpu')


def test_weights_arrive_and_the_model_predicts(model, tmp_path):
    path = tmp_path / 'best.pth'
    torch.save({'state_dict': model.state_dict(), 'meta': {'dataset_meta': {'classes': ('a', 'b')}, 'epoch': 3}}, path)
    loaded = init_model(Config({'model': MODEL}), path, device='cpu')
    assert all(torch.equal(one, other) for one, other in
               zip(model.state_dict().values(), loaded.state_dict().values(), strict=True))
    assert not loaded.training
    assert loaded.dataset_meta == {'classes': ('a', 'b')}
    assert loaded.cfg.model.backbone.channels == 4


def test_bare_state_dict(model, tmp_path):
    torch.save(model.state_dict(), tmp_path / 'bare.pth')
    assert load_weights(model, tmp_path / 'bare.pth') == {}


def test_random_weights_are_told(monkeypatch):
    told = []
    # The package exports the function under the module's name.
    monkeypatch.setattr(sys.modules['egoexo.apis.init_model'], 'print_log',
                        lambda text, *args: told.append((text, args[-1])))
    init_model(Config({'model': MODEL}), device='cpu')
    assert told == [('Segmentor has random weights: no checkpoint was given.', logging.WARNING)]


@pytest.mark.parametrize(('change', 'message'), [
    (lambda state: state.pop(next(iter(state))), r'1 of \d+ parameters differ:\n  missing backbone'),
    (lambda state: state.update(extra=torch.zeros(1)), 'unexpected extra'),
    (lambda state: state.update({next(iter(state)): torch.zeros(3)}), r'is \(3,\), expected \(4, 6, 1\)'),
    (lambda state: [state.update({f'extra{i}': torch.zeros(1)}) for i in range(7)], r'\(2 more\)\nTake the config'),
])
def test_checkpoint_that_does_not_fit(model, tmp_path, change, message):
    state = dict(model.state_dict())
    change(state)
    torch.save({'state_dict': state}, tmp_path / 'other.pth')
    with pytest.raises(CheckpointError, match=message):
        load_weights(model, tmp_path / 'other.pth')


def test_hostile_file_is_refused(model, tmp_path):
    torch.save({'state_dict': print}, tmp_path / 'hostile.pth')
    with pytest.raises(CheckpointError, match='hostile.pth.*found'):
        load_weights(model, tmp_path / 'hostile.pth')


def test_config_by_name_path_and_object(tmp_path):
    config = Config({'a': 1})
    assert resolve_config(config) is config
    path = tmp_path / 'mine.py'
    path.write_text('model = dict(type="Segmentor", backbone=dict(type="MultiStageTCN"), '
                    'head=dict(type="FrameHead", num_classes=28, loss=[]))\n')
    assert resolve_config(path).model.head.num_classes == 28
    assert resolve_config('segmentation/mstcn_i3d_egoexolearn-ego').model.backbone.in_channels == 1024
    with pytest.raises(ConfigError, match="no config 'segmentation/mstcn_ego'"):
        resolve_config('segmentation/mstcn_ego')


def test_config_without_model():
    with pytest.raises(ConfigError, match="has no 'model'"):
        init_model(Config({'a': 1}))


def test_exports():
    assert egoexo.apis.init_model is init_model
    assert egoexo.apis.SegmentationInferencer.__name__ == 'SegmentationInferencer'
    with pytest.raises(AttributeError, match="no attribute 'Inferencer'; it has ClipInferencer, "
                                             'CorrespondenceInferencer, RecognitionInferencer, Segm.*Inferencer'):
        egoexo.apis.Inferencer  # noqa: B018


def test_figures_are_not_imported_with_the_package():
    # Every tool imports egoexo.apis; a name bound there would import matplotlib with it.
    assert 'SegmentationInferencer' not in vars(egoexo.apis)
