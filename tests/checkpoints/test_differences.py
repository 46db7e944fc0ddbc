import torch

from egoexo.checkpoints.differences import list_differences, state_dict_differences


def tensors(**shapes):
    return {key: torch.zeros(shape) for key, shape in shapes.items()}


def test_shapes_come_before_names():
    expected = tensors(a=(2,), b=(3, 4), c=())
    found = tensors(b=(4, 3), c=(), d=(1,))
    assert state_dict_differences(expected, found) == ['b is (4, 3), expected (3, 4)', 'missing a', 'unexpected d']
    assert state_dict_differences(expected, expected) == []


def test_five_are_shown_and_the_rest_counted():
    assert list_differences(['missing a', 'missing \x1b[31m']) == '  missing a\n  missing \\x1b[31m'
    lines = list_differences([f'missing {number}' for number in range(7)]).splitlines()
    assert lines[4:] == ['  missing 4', '  (2 more)']
    assert len(list_differences(['unexpected ' + 'x' * 10_000])) < 300
