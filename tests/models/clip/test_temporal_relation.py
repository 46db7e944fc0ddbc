import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.clip import TemporalRelation, relation_frames


def test_subsets_are_evenly_spaced():
    assert relation_frames(3, 2) == [(0, 1), (0, 2), (1, 2)]
    assert relation_frames(5, 2) == [(0, 1), (1, 2), (2, 3)]
    assert relation_frames(5, 5) == [(0, 1, 2, 3, 4)]
    assert relation_frames(4, 2, num_subsets=1) == [(0, 1)]


def test_every_relation_by_hand():
    """One number per frame, all weights 1: a relation of two frames is the sum of its positive numbers."""
    module = TemporalRelation(1, 1, 3)
    for fusion in module.fusions:
        torch.nn.init.ones_(fusion.weight)
        torch.nn.init.zeros_(fusion.bias)
    relations = module(torch.tensor([[[1.0], [-5.0], [2.0]]]))
    assert relations.tolist() == [[[3.0], [1.0 + 3.0 + 2.0]]]
    assert module.pool(relations).tolist() == [[9.0]]


@pytest.mark.parametrize(('num_segments', 'num_subsets'), [(3, 3), (5, 3), (6, 2), (4, 9), (5, 1)])
def test_shared_products_equal_one_product_per_subset(num_segments, num_subsets):
    module = TemporalRelation(4, 6, num_segments, num_subsets)
    frames = torch.randn(2, num_segments, 4)
    for number, fusion in enumerate(module.fusions):
        subsets = relation_frames(num_segments, num_segments - number, num_subsets)
        expected = sum(fusion(frames.relu()[:, list(subset)].flatten(1)).relu() for subset in subsets)
        torch.testing.assert_close(module(frames)[:, number], expected)


def test_single_scale():
    module = TemporalRelation(4, 6, 3, multi_scale=False)
    assert module(torch.randn(2, 3, 4)).shape == (2, 1, 6)
    assert module.num_tokens == 1


def test_state_dict_holds_weights_only():
    assert set(TemporalRelation(4, 6, 3).state_dict()) == {
        f'fusions.{number}.{part}' for number in range(2) for part in ('weight', 'bias')}


def test_errors():
    with pytest.raises(ConfigError, match='expected num_segments >= 2 .* found num_segments=1.* Take AveragePool'):
        TemporalRelation(num_segments=1)
    with pytest.raises(ConfigError, match=r'expected clips of num_segments=3 frames, found 5\. Give'):
        TemporalRelation(4, 6, 3)(torch.zeros(1, 5, 4))
