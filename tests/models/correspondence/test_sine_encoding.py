import math

import pytest
import torch

from egoexo.models.correspondence import sine_encoding


def test_values_by_hand():
    """Row 2 of 3, column 1 of 2; frequencies 1 and 1/100 of four channels each."""
    found = sine_encoding(3, 2, 8)[:, 1, 0]
    row, column = 2 * math.pi * 2 / 3, 2 * math.pi * 1 / 2
    expected = [function(angle / period) for angle in (row, column) for period in (1, 100)
                for function in (math.sin, math.cos)]
    assert found.tolist() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(('height', 'width', 'channels'), [(30, 30, 256), (4, 6, 8), (1, 1, 4)])
def test_halves_tell_row_and_column(height, width, channels):
    found = sine_encoding(height, width, channels)
    assert found.shape == (channels, height, width) and found.dtype == torch.float32
    rows, columns = found.chunk(2)
    assert torch.equal(rows, rows[..., :1].expand_as(rows)) and torch.equal(columns, columns[:, :1].expand_as(columns))
    assert found.abs().max() <= 1
    assert len({tuple(column) for column in found.flatten(1).T.tolist()}) == height * width
