import pytest
import torch

from egoexo.structures import FIELDS, Field, add_field, check_field


@pytest.mark.parametrize(('name', 'field'), FIELDS.items())
def test_every_row_is_complete(name: str, field) -> None:
    assert name.startswith(('gt_', 'pred_'))
    assert field.unit and field.writer and field.reader
    check_field(name, torch.zeros((2, ) * field.ndim, dtype=field.dtype))


@pytest.mark.parametrize(('name', 'value', 'error', 'text'), [
    ('gt_frame_labels', [1, 2], TypeError, r"'gt_frame_labels' must be a torch.int64 tensor \(G,\), got list"),
    ('gt_frame_labels', torch.zeros(3), TypeError, r'must be torch.int64, got torch.float32; .* \(LoadSequence\)'),
    ('pred_frame_labels', torch.zeros((1, 3), dtype=torch.int64), ValueError, r'shape \(P,\) .*, got \(1, 3\)'),
    ('pred_masks', torch.zeros(3), KeyError, 'not in the table .* known fields: gt_action_label'),
])
def test_wrong_value_is_refused(name: str, value: object, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        check_field(name, value)


def test_other_names_are_free() -> None:
    assert check_field('anything', 'at all') is None


def test_a_new_field_is_checked_like_the_others(monkeypatch) -> None:
    monkeypatch.setattr('egoexo.structures.fields.FIELDS', dict(FIELDS))
    add_field('gt_score', Field(torch.float32, '(1,)', 'points', 'LoadScore', 'ScoreMetric'))
    check_field('gt_score', torch.zeros(1))
    with pytest.raises(TypeError, match='must be torch.float32, got torch.int64; convert it in the writer .LoadScore.'):
        check_field('gt_score', torch.zeros(1, dtype=torch.int64))


def test_a_field_is_not_redefined() -> None:
    add_field('gt_frame_labels', FIELDS['gt_frame_labels'])
    with pytest.raises(KeyError, match='is class id per frame .* already; choose another name for seconds'):
        add_field('gt_frame_labels', Field(torch.float32, '(G,)', 'seconds', 'A', 'B'))
    with pytest.raises(KeyError, match="'score' must begin with gt_ or pred_"):
        add_field('score', FIELDS['gt_frame_labels'])
