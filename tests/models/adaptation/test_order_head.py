import pytest
import torch

from egoexo.models.adaptation import OrderHead


def test_classes_are_lexicographic():
    head = OrderHead(2, 3)
    assert [head.label(torch.tensor(order)) for order in ([0, 1, 2], [0, 2, 1], [1, 0, 2], [2, 1, 0])] == [0, 1, 2, 5]


def test_logits_by_hand():
    torch.manual_seed(0)
    head = OrderHead(2, 3, dropout=0.0)
    segments = torch.randn(4, 3, 2)
    pairs = [torch.relu(head.fc(torch.cat([segments[:, i], segments[:, j]], -1))) for i, j in ((0, 1), (0, 2), (1, 2))]
    torch.testing.assert_close(head(segments), head.classifier(torch.cat(pairs, -1)))


def test_one_segment_has_no_order():
    with pytest.raises(ValueError, match='an order needs num_segments >= 2, got 1'):
        OrderHead(2, 1)
