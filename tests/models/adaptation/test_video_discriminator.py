import math

import pytest
import torch

from egoexo.models.adaptation import SegmentDiscriminator, SegmentOrderDiscriminator, domain_patterns


def test_patterns_of_two_segments_keep_the_published_order():
    found = [''.join(map(str, pattern)) for pattern in domain_patterns(2)]
    assert found == ['0101', '1100', '0110', '1010', '1001', '0011']


@pytest.mark.parametrize('num_segments', [1, 3])
def test_other_patterns_are_lexicographic_and_complete(num_segments):
    patterns = domain_patterns(num_segments)
    assert patterns == sorted(set(patterns))
    assert len(patterns) == math.comb(2 * num_segments, num_segments)
    assert all(sum(pattern) == num_segments for pattern in patterns)


def test_label_of_a_permutation():
    model = SegmentOrderDiscriminator(4, 2)
    assert model.label(torch.tensor([0, 2, 1, 3])) == 0  # source, target, source, target
    assert model.label(torch.tensor([3, 2, 1, 0])) == 1
    assert model.label(torch.tensor([0, 1, 2, 3])) == 5


@pytest.mark.parametrize(('pairs', 'inputs'), [(None, 4), ('all', 6), ('adjacent', 3)])
def test_order_logits_by_hand(pairs, inputs):
    torch.manual_seed(0)
    model = SegmentOrderDiscriminator(3, 2, pairs, dropout=0.0)
    assert model.fc.in_features == 3 * inputs
    segments = torch.randn(2, 4, 3)
    vectors = list(segments.unbind(1))
    if pairs is not None:
        chosen = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] if pairs == 'all' else [(0, 1), (1, 2), (2, 3)]
        vectors = [model.fc_pair(torch.cat([vectors[i], vectors[j]], -1)) for i, j in chosen]
    expected = model.classifier(torch.relu(model.fc(torch.cat(vectors, -1))))
    torch.testing.assert_close(model(segments), expected)


def test_segment_discriminator_by_hand():
    model = SegmentDiscriminator(3, dropout=0.0)
    x = torch.randn(2, 5, 3)
    torch.testing.assert_close(model(x), model.classifier(torch.relu(model.fc(x))))


def test_unknown_pairs():
    with pytest.raises(ValueError, match="must be None, 'all' or 'adjacent', got 'some'"):
        SegmentOrderDiscriminator(3, 2, 'some')
