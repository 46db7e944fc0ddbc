import pytest
import torch

from egoexo.errors import FeatureError
from egoexo.models.data_preprocessors import PictureDataPreprocessor
from egoexo.registry import MODELS

MEAN, STD = [1.0, 2.0, 3.0], [2.0, 4.0, 8.0]


def build() -> PictureDataPreprocessor:
    return MODELS.build(dict(type='PictureDataPreprocessor', mean=MEAN, std=STD))


def pixels(*shape: int) -> torch.Tensor:
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(('shape', 'channel'), [((2, 3, 4, 5), 1), ((2, 3, 6, 4, 5), 1), ((2, 4, 3, 6, 4, 5), 2)])
@pytest.mark.parametrize('as_list', [False, True])
def test_channels_are_normalised(shape: tuple[int, ...], channel: int, as_list: bool) -> None:
    inputs = pixels(*shape)
    batch = build()(dict(inputs=list(inputs) if as_list else inputs, data_samples=['a', 'b']))
    assert batch['inputs'].dtype == torch.float32 and batch['data_samples'] == ['a', 'b']
    for number in range(3):
        expected = (inputs.select(channel, number).float() - MEAN[number]) / STD[number]
        torch.testing.assert_close(batch['inputs'].select(channel, number), expected)


def test_a_pair_is_normalised_once() -> None:
    one = dict(inputs=pixels(2, 3, 4, 4), data_samples=None)
    pair = build()(dict(source=one, target=one))
    for domain in ('source', 'target'):
        torch.testing.assert_close(pair[domain]['inputs'], build()(one)['inputs'])


def test_given_numbers_stay_what_they_are() -> None:
    inputs = torch.ones(1, 3, 2, 2)
    build()(dict(inputs=inputs))
    assert (inputs == 1).all()


def test_pictures_of_two_sizes() -> None:
    with pytest.raises(FeatureError, match='expected 2 inputs of one shape'):
        build()(dict(inputs=[pixels(3, 4, 4), pixels(3, 4, 5)]))
