import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from egoexo.errors import CheckpointError, ConfigError
from egoexo.models.extractors import HuggingFaceExtractor
from egoexo.registry import MODELS

transformers = pytest.importorskip('transformers')

SETTINGS = dict(do_resize=True, size=dict(shortest_edge=36), do_center_crop=True, crop_size=dict(height=32, width=32),
                resample=3, do_rescale=True, rescale_factor=1 / 255, do_normalize=True,
                image_mean=[0.4, 0.5, 0.6], image_std=[0.2, 0.25, 0.3])
BODY = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, image_size=32,
            patch_size=8)


def make_folder(folder: Path, model: torch.nn.Module, **settings: object) -> Path:
    model.eval().save_pretrained(folder)
    (folder / 'preprocessor_config.json').write_text(json.dumps(SETTINGS | settings))
    return folder


def build(folder: Path, **options: object) -> HuggingFaceExtractor:
    return MODELS.build(dict(type='HuggingFaceExtractor', folder=str(folder), **options))


@pytest.fixture(scope='module')
def vit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    model = transformers.ViTModel(transformers.ViTConfig(**BODY))
    return make_folder(tmp_path_factory.mktemp('hf') / 'tiny-vit', model)


@pytest.fixture(scope='module')
def frames() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 1, 48, 70, 3), dtype=np.uint8)


def reference(frame: np.ndarray) -> torch.Tensor:
    """The picture of SETTINGS made by hand, (1, 3, 32, 32)."""
    resized = np.asarray(Image.fromarray(frame).resize((int(36 * 70 / 48), 36), resample=Image.Resampling.BICUBIC))
    left = (resized.shape[1] - 32) // 2
    cut = resized[2:34, left:left + 32].astype(np.float64) / 255
    return torch.from_numpy((cut - [0.4, 0.5, 0.6]) / [0.2, 0.25, 0.3]).permute(2, 0, 1)[None].float()


@pytest.mark.parametrize(('pooling', 'row'), [
    ('cls', lambda out: out.last_hidden_state[:, 0]), ('mean', lambda out: out.last_hidden_state.mean(1)),
    ('pooler', lambda out: out.pooler_output)])
def test_rows_equal_a_hand_made_reference(vit: Path, frames: np.ndarray, pooling: str, row: Callable) -> None:
    model = transformers.ViTModel.from_pretrained(vit).eval()
    with torch.no_grad():
        expected = torch.cat([row(model(reference(clip[0]))) for clip in frames])
        rows = build(vit, pooling=pooling)(frames)
    torch.testing.assert_close(rows, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('settings', [
    {}, dict(size=dict(height=32, width=32), do_center_crop=False, crop_size=None, resample=2),
    dict(do_normalize=False, rescale_factor=1 / 127.5), dict(size=40, crop_size=32)])
def test_pictures_equal_those_of_transformers(vit: Path, tmp_path: Path, frames: np.ndarray, settings: dict) -> None:
    folder = tmp_path / 'vit'
    shutil.copytree(vit, folder)
    (folder / 'preprocessor_config.json').write_text(json.dumps(SETTINGS | settings))
    extractor = build(folder)
    # Its own reader takes a bare number as a square or as a shorter side by class; CLIP's crops, ViT's does not.
    processor = transformers.CLIPImageProcessorPil(**SETTINGS | settings) if settings.get('do_center_crop', True) else \
        transformers.ViTImageProcessorPil(**SETTINGS | settings)
    expected = processor(frames[0, 0], return_tensors='pt')['pixel_values'][0]
    picture = torch.from_numpy(extractor.transform_frame(frames[0, 0]).copy()).permute(2, 0, 1)
    ours = (picture * extractor.settings.scale - extractor.mean) / extractor.std
    torch.testing.assert_close(ours, expected.float(), rtol=1e-5, atol=1e-5)


def test_recipe_names_every_file(vit: Path) -> None:
    recipe = build(vit).recipe(25.0, 5)
    assert (recipe['backbone'], recipe['dim'], recipe['crop']) == ('vit', 32, 'center_32x32_of_36')
    assert recipe['first_row_sec'] == pytest.approx(2 / 25)
    source = recipe['source']
    assert source['folder'] == 'tiny-vit'
    assert sorted(source['sha256']) == ['config.json', 'model.safetensors', 'preprocessor_config.json']
    assert all(len(value) == 64 for value in source['sha256'].values())


def test_clip_gives_its_picture_embedding(tmp_path: Path, frames: np.ndarray) -> None:
    torch.manual_seed(0)
    text = dict(vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
                eos_token_id=49, bos_token_id=48, pad_token_id=47)
    model = transformers.CLIPModel(transformers.CLIPConfig(text_config=text, vision_config=BODY, projection_dim=24))
    extractor = build(make_folder(tmp_path / 'clip', model), pooling='cls')
    with torch.no_grad():
        vision = model.vision_model(pixel_values=reference(frames[0, 0])).pooler_output
        torch.testing.assert_close(extractor(frames[:1]), model.visual_projection(vision), rtol=1e-4, atol=1e-5)
    assert extractor.dim == 24


def test_video_model_sees_whole_clips(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = transformers.VideoMAEModel(transformers.VideoMAEConfig(**BODY, num_frames=4, tubelet_size=2))
    extractor = build(make_folder(tmp_path / 'videomae', model), pooling='mean', frame_interval=3)
    assert (extractor.clip_len, extractor.span, extractor.dim) == (4, 10, 32)
    clip = np.random.default_rng(1).integers(0, 256, (1, 4, 48, 70, 3), dtype=np.uint8)
    inputs = torch.stack([reference(frame) for frame in clip[0]], dim=1)
    with torch.no_grad():
        expected = model(inputs).last_hidden_state.mean(1)
        torch.testing.assert_close(extractor(clip), expected, rtol=1e-4, atol=1e-5)


def test_convolutional_model(tmp_path: Path, frames: np.ndarray) -> None:
    torch.manual_seed(0)
    config = transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8, 12], depths=[1, 1], layer_type='basic')
    model = transformers.ResNetModel(config)
    folder = make_folder(tmp_path / 'resnet', model)
    with torch.no_grad():
        mean, pooler = (build(folder, pooling=pooling)(frames[:1]) for pooling in ('mean', 'pooler'))
        expected = model(reference(frames[0, 0])).last_hidden_state.mean((2, 3))
    torch.testing.assert_close(mean, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(pooler, expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(ConfigError, match="resnet model returns a feature map and no tokens. Choose 'mean'"):
        build(folder)


def test_a_pooler_without_weights_may_stay_unused(vit: Path, tmp_path: Path) -> None:
    model = transformers.ViTModel.from_pretrained(vit, add_pooling_layer=False)
    folder = make_folder(tmp_path / 'no-pooler', model)
    assert build(folder).dim == 32
    with pytest.raises(CheckpointError, match='2 parameters are missing .* first pooler.dense'):
        build(folder, pooling='pooler')


def test_weights_of_another_model_are_refused(vit: Path, tmp_path: Path) -> None:
    folder = tmp_path / 'deeper'
    shutil.copytree(vit, folder)
    config = json.loads((folder / 'config.json').read_text())
    (folder / 'config.json').write_text(json.dumps(config | dict(num_hidden_layers=3)))
    with pytest.raises(CheckpointError, match='16 parameters are missing .* The weights are not those'):
        build(folder)


@pytest.mark.parametrize(('settings', 'message'), [
    (dict(do_flip_channel_order=True), 'asks for do_flip_channel_order, which is not supported'),
    (dict(do_center_crop=False), 'fixes no picture size'),
    (dict(crop_size=50), r'crop_size \(50, 50\) does not fit into size 36'),
    (dict(size=dict(longest_edge=9)), "cannot be used .*'height'"),
    (dict(image_mean='grey'), 'cannot be used .*could not convert'),
])
def test_unsupported_settings(vit: Path, tmp_path: Path, settings: dict, message: str) -> None:
    folder = tmp_path / 'vit'
    shutil.copytree(vit, folder)
    (folder / 'preprocessor_config.json').write_text(json.dumps(SETTINGS | settings))
    with pytest.raises(ConfigError, match=message):
        build(folder)


def test_folder_that_is_none(vit: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'holds no config\.json; expected a local folder'):
        build('facebook/dinov2-small')
    folder = tmp_path / 'vit'
    shutil.copytree(vit, folder)
    (folder / 'model.safetensors').rename(folder / 'pytorch_model.bin')
    with pytest.raises(CheckpointError, match=r'holds no \*\.safetensors'):
        build(folder)
    (folder / 'preprocessor_config.json').unlink()
    with pytest.raises(ConfigError, match=r'has no preprocessor_config\.json'):
        build(folder)
    with pytest.raises(ConfigError, match="pooling='max' is unknown"):
        build(vit, pooling='max')


def test_missing_transformers_names_the_command(vit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'transformers', None)
    with pytest.raises(ConfigError, match=r'not installed: pip install -c constraints\.txt -r requirements/text\.txt'):
        build(vit)
