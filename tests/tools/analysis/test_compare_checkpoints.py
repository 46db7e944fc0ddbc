from pathlib import Path

import pytest
import torch

from tools.analysis import compare_checkpoints


@pytest.fixture
def files(tmp_path: Path):
    """Writes two checkpoints, the second as changed; gives their paths."""

    def write(**changes: torch.Tensor | None) -> list[str]:
        state = {'a.weight': torch.tensor([1.0, 2.0]), 'b.bias': torch.zeros(3), 'steps': torch.tensor(4)}
        second = {name: value for name, value in {**state, **changes}.items() if value is not None}
        torch.save({'state_dict': state, 'meta': {'epoch': 1, 'iter': 2}}, tmp_path / 'first.pth')
        torch.save(second, tmp_path / 'second.pth')  # bare weights compare with a container
        return [str(tmp_path / 'first.pth'), str(tmp_path / 'second.pth')]

    return write


def test_equal_to_the_last_bit(files, capsys):
    assert compare_checkpoints.main(files()) == 0
    assert capsys.readouterr().out == 'all 3 tensors are equal\n'


def test_one_bit_is_seen_and_sized(files, capsys):
    bit = torch.tensor([1.0, 2.0 + 2**-22])
    assert compare_checkpoints.main(files(**{'a.weight': bit, 'b.bias': torch.tensor([0.0, -3.0, 0.0])})) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1:4:2] for line in lines if 'weight' in line or 'bias' in line] == [
        ['b.bias', '3'], ['a.weight', '2.38e-07']]
    assert lines[-1] == '2 of 3 tensors differ, at most by 3'


@pytest.mark.parametrize(('tolerance', 'code'), [('1e-6', 0), ('1e-7', 1)])
def test_tolerance(files, tolerance, code):
    paths = files(**{'a.weight': torch.tensor([1.0, 2.0 + 2**-22])})
    assert compare_checkpoints.main([*paths, '--tolerance', tolerance]) == code


def test_what_has_no_number_comes_first_and_always_differs(files, capsys):
    paths = files(**{'a.weight': torch.zeros(2, 1), 'b.bias': torch.ones(3), 'steps': None, 'c': torch.ones(1)})
    assert compare_checkpoints.main([*paths, '--tolerance', '9', '--rows', '3']) == 1
    out = capsys.readouterr().out
    assert 'float32 (2,) and float32 (2, 1)' in out and 'only in the first' in out and 'only in the second' in out
    assert '(1 more: --rows 0)\n4 of 4 tensors differ, at most by 1; 3 cannot be compared' in out


def test_nan_equals_nan_and_nothing_else(files):
    nan = float('nan')
    assert compare_checkpoints.difference(torch.tensor([nan, 1.0]), torch.tensor([nan, 1.0])) == 0.0
    assert compare_checkpoints.difference(torch.tensor([nan, 1.0]), torch.tensor([2.0, 1.0])) == float('inf')
    assert compare_checkpoints.difference(torch.tensor([float('inf')]), torch.tensor([float('inf')])) == 0.0


def test_a_foreign_file_is_a_message(files, tmp_path, capsys):
    (tmp_path / 'text.pth').write_text('hello')
    with pytest.raises(SystemExit) as stopped:
        compare_checkpoints.main([files()[0], str(tmp_path / 'text.pth')])
    assert stopped.value.code == 2
    assert 'text.pth' in capsys.readouterr().err
