import pytest
import torch

from egoexo.structures import FIELDS, check_field


@pytest.mark.parametrize(('name', 'field'), FIELDS.items())
def test_every_row_is_complete(name: str, field) -> None:
    assert name.startswith(('gt_', 'pred_'))
    assert field.unit and field.writer and field.reader
    check_field(name, torch.zeros((2, ) * field.ndim, dtype=field.dtype))


@pytest.mark.parametrize(('name', 'value', 'error', 'text'), [
    ('gt_frame_labels', [1, 2], TypeError, r"'gt_frame_labels' must be a torch.int64 tensor \(G,\), got list"),
    ('gt_frame_labels', torch.zeros(3), TypeError, r'must be torch.int64, got torch.float32; .* \(LoadSequence\)'),
    ('pred_frame_labels', torch.zeros((1, 3), dtype=torch.int64), ValueError, r'shape \(P,\) .*, got \(1, 3\)'),
    ('pred_masks', torch.zeros(3), KeyError, 'not in the table .* known fields: gt_frame_labels'),
])
def test_wrong_value_is_refused(name: str, value: object, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        check_field(name, value)


def test_other_names_are_free() -> None:
    assert check_field('anything', 'at all') is None
