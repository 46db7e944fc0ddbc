"""TimeSformer and the frames of a segment against numbers of the released LaGTran code."""

import json
import re

import numpy as np
import pytest
import torch
from parity_support import fill_state
from tests_support import parity_dir

from egoexo.datasets.transforms.load_segment_frames import segment_frame_ids
from egoexo.models.backbones import TimeSformer

OWNS = {'lagtran': ['timesformer.*', 'frame_ids.json']}

ROOT = parity_dir('lagtran')
SEED_STR = json.loads((ROOT / 'fixture.json').read_text())['seed_str']['timesformer']
NETWORKS = json.loads((ROOT / 'timesformer.keys.json').read_text())
ARRAYS = np.load(ROOT / 'timesformer.npz', allow_pickle=False)
FRAMES = json.loads((ROOT / 'frame_ids.json').read_text())


def inputs_of(name: str) -> torch.Tensor:
    if f'{name}.x' in ARRAYS:
        return torch.from_numpy(ARRAYS[f'{name}.x'])
    seed, shape = re.fullmatch(r'default_rng\((\d+)\)\.standard_normal\(\(([\d, ]+)\)\) as float32',
                               NETWORKS[name]['input']).groups()
    drawn = np.random.default_rng(int(seed)).standard_normal([int(size) for size in shape.split(',')])
    return torch.from_numpy(drawn.astype(np.float32))


@pytest.mark.slow  # the Base network: 121 million weights to fill
@pytest.mark.parametrize('name', NETWORKS)
def test_feature(name: str) -> None:
    entry = NETWORKS[name]
    options = {key: value for key, value in entry.get('config', {}).items() if key != 'num_classes'}
    with torch.device('meta'):
        model = TimeSformer(attention_type=entry.get('attention_type', 'divided_space_time'), **options).eval()
    state = fill_state(entry['keys'], SEED_STR.format(name=name))
    assert {key: list(value.shape) for key, value in model.state_dict().items()} == {
        key: shape for key, shape, _ in entry['keys']}
    model.load_state_dict(state, strict=True, assign=True)
    if 'n_params' in entry:
        assert sum(parameter.numel() for parameter in model.parameters()) == entry['n_params']
    with torch.no_grad():
        feature = model(inputs_of(name))
    np.testing.assert_allclose(feature.numpy(), ARRAYS[f'{name}.y'], rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize('number', range(len(FRAMES)))
def test_frames_of_a_segment(number: int) -> None:
    case = FRAMES[number]
    span = case['start'], case['end'], case['num_segments']
    assert segment_frame_ids(*span) == case['center']
    drawn = segment_frame_ids(*span, jitter=True, rng=np.random.RandomState(case['jitter_np_seed']))
    assert drawn == case['jitter']
    np.random.seed(case['jitter_np_seed'])  # noqa: NPY002 the generator that the transform draws from
    assert segment_frame_ids(*span, jitter=True) == case['jitter']
