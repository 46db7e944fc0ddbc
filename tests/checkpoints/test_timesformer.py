from pathlib import Path

import pytest
import torch

from egoexo.checkpoints.timesformer import load_timesformer, timesformer_from_official
from egoexo.errors import CheckpointError
from egoexo.models.backbones import TimeSformer

SMALL = dict(img_size=16, patch_size=8, embed_dim=8, depth=2, num_heads=2, num_frames=2)


def build(seed: int, **options: object) -> TimeSformer:
    torch.manual_seed(seed)
    model = TimeSformer(**SMALL | options)
    for parameter in model.parameters():
        parameter.data += torch.randn_like(parameter)
    return model


def released(model: TimeSformer, folder: Path) -> Path:
    """As the Kinetics files are written: with a classifier, in ``model_state``, every key with ``model.``."""
    state = {f'model.{key}': value for key, value in model.state_dict().items()}
    state |= {'model.head.weight': torch.zeros(600, 8), 'model.head.bias': torch.zeros(600)}
    path = folder / 'TimeSformer_divST_8x32_224_K600.pyth'
    torch.save(dict(epoch=14, model_state=state, cfg='{}'), path)
    return path


def same(first: TimeSformer, second: TimeSformer) -> bool:
    return all(torch.equal(value, second.state_dict()[key]) for key, value in first.state_dict().items())


def test_a_released_file(tmp_path: Path) -> None:
    model = build(0)
    path = released(model, tmp_path)
    other = build(1)
    assert not same(model, other)
    load_timesformer(other, path)
    assert same(model, other)
    assert same(model, TimeSformer(**SMALL, checkpoint=str(path)))


@pytest.mark.parametrize('prefix', ['', 'module.', 'module.model.', 'backbone.', 'encoder.'])
def test_prefixes(prefix: str) -> None:
    state = {f'{prefix}cls_token': torch.zeros(1), f'{prefix}head.weight': torch.zeros(1)}
    assert list(timesformer_from_official(state)) == ['cls_token']


def test_a_vision_transformer_gives_what_it_has(tmp_path: Path) -> None:
    still, video = build(0, attention_type='space_only'), build(1)
    before = {key: value.clone() for key, value in video.state_dict().items()}
    torch.save(dict(model=still.state_dict()), tmp_path / 'vit.pth')
    load_timesformer(video, tmp_path / 'vit.pth')
    for key, value in video.state_dict().items():
        assert torch.equal(value, before[key] if 'temporal' in key or key == 'time_embed' else still.state_dict()[key])


def test_files_that_do_not_fit(tmp_path: Path) -> None:
    path = released(build(0), tmp_path)
    with pytest.raises(CheckpointError, match=r'expected the 47 tensors of TimeSformer, found 47 of these names and '
                       r'the differences\n  time_embed is \(1, 2, 8\), expected \(1, 4, 8\)\. Take a file of the same'):
        load_timesformer(build(0, num_frames=4), path)
    with pytest.raises(CheckpointError, match='67 tensors .* 47 of these names and the diff.*\n  missing blocks.2'):
        load_timesformer(build(0, depth=3), path)
    state = build(0).state_dict()
    del state['blocks.1.temporal_fc.weight']
    torch.save(state, tmp_path / 'cut.pth')
    with pytest.raises(CheckpointError, match='missing blocks.1.temporal_fc.weight'):
        load_timesformer(build(0), tmp_path / 'cut.pth')
