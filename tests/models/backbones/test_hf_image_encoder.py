from pathlib import Path

import pytest
import torch

from egoexo.errors import CheckpointError, ConfigError
from egoexo.models.backbones import HFImageEncoder
from egoexo.registry import MODELS

transformers = pytest.importorskip('transformers')

TINY = dict(model_type='vit', hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=48,
            image_size=32, patch_size=16)
PICTURES = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('hf') / 'vit'
    config = transformers.ViTConfig(**{key: value for key, value in TINY.items() if key != 'model_type'})
    transformers.ViTModel(config).save_pretrained(path)
    return path


@pytest.mark.parametrize('pooling', ['cls', 'mean', 'pooler'])
def test_rows_are_those_of_transformers(folder: Path, pooling: str) -> None:
    reference = transformers.ViTModel.from_pretrained(folder).eval()
    encoder = HFImageEncoder(str(folder), pooling).eval()
    with torch.no_grad():
        outputs = reference(PICTURES)
        rows = encoder(PICTURES)
    tokens = outputs.last_hidden_state
    expected = dict(cls=tokens[:, 0], mean=tokens.mean(1), pooler=outputs.pooler_output)[pooling]
    torch.testing.assert_close(rows, expected)


@pytest.mark.parametrize('pooling', ['cls', 'pooler'])
def test_every_parameter_learns(pooling: str) -> None:
    encoder = MODELS.build(dict(type='HFImageEncoder', name=TINY, pooling=pooling)).train()
    encoder(PICTURES).square().sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())


def test_a_config_begins_at_random() -> None:
    torch.manual_seed(1)
    first = HFImageEncoder(TINY)(PICTURES)
    torch.manual_seed(2)
    assert not torch.allclose(first, HFImageEncoder(TINY)(PICTURES))


@pytest.mark.parametrize(('name', 'pooling', 'error', 'message'), [
    (TINY, 'max', ConfigError, r"HFImageEncoder, pooling: expected one of \('cls', 'mean', 'pooler'\), found 'max'"),
    (dict(model_type='vitt'), 'cls', ConfigError, r"expected dict\(model_type='vit', ...\) of a vision model, found"),
    (dict(hidden_size=24), 'cls', ConfigError, 'of a vision model, found'),
])
def test_wrong_options(name: dict, pooling: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        HFImageEncoder(name, pooling)


def test_folders_without_usable_weights(folder: Path, tmp_path: Path) -> None:
    (tmp_path / 'config.json').write_text((folder / 'config.json').read_text())
    (tmp_path / 'pytorch_model.bin').write_bytes(b'never read')
    with pytest.raises(CheckpointError, match=r'holds no \*\.safetensors; other weight files can carry code'):
        HFImageEncoder(str(tmp_path))


def test_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_OFFLINE', True)
    monkeypatch.setenv('HF_HUB_OFFLINE', '1')
    with pytest.raises(CheckpointError, match=r'nobody/no-such-model cannot be loaded .* fetch the folder elsewhere'):
        HFImageEncoder('nobody/no-such-model')


def test_wrong_size_of_pictures() -> None:
    with pytest.raises(ConfigError, match=r'expected pictures of the size of the model, found \(1, 3, 48, 48\) \('):
        HFImageEncoder(TINY)(torch.zeros(1, 3, 48, 48))
