import json

import pytest
import torch

from egoexo.apis import cli
from egoexo.apis.run_record import record_end, write_command
from egoexo.errors import DataError


@pytest.fixture(autouse=True)
def first_rank(monkeypatch):
    monkeypatch.delenv('RANK', raising=False)
    monkeypatch.delenv('EGOEXO_TRACEBACK', raising=False)


def read(folder):
    return json.loads((folder / 'command.json').read_text())


def test_command_is_kept_with_every_run_of_the_folder(tmp_path, monkeypatch):
    write_command(tmp_path, 'train', ['a.py', '--amp'], seed=3)
    write_command(tmp_path, 'test', ['a.py', 'best.pth'])
    monkeypatch.setenv('RANK', '1')
    write_command(tmp_path, 'test', ['not', 'written'])
    entries = read(tmp_path)
    assert [entry['command'] for entry in entries] == [
        'python tools/train.py a.py --amp', 'python tools/test.py a.py best.pth']
    assert [entry['status'] for entry in entries] == ['running', 'running']
    assert entries[0]['seed'] == 3 and entries[0]['torch'] == torch.__version__ and entries[0]['world_size'] == 1


@pytest.mark.parametrize(('error', 'expected'), [
    (None, ('finished', None, None)),
    (DataError('3 of 5 samples cannot be used'), ('failed', 'DataError', '3 of 5 samples cannot be used')),
    (ZeroDivisionError('a bug'), ('failed', 'ZeroDivisionError', 'a bug')),
    (KeyboardInterrupt(), ('failed', 'KeyboardInterrupt', '')),
    (SystemExit(0), ('finished', None, None)),
    (SystemExit('no such folder'), ('failed', 'SystemExit', 'no such folder'))])
def test_end_of_a_tool_is_noted(tmp_path, error, expected):
    @cli.readable_errors
    def main(argv=None):
        # A tuple comes back from JSON as a list: the entry must be found all the same.
        write_command(tmp_path, 'train', ['a.py'], sizes=(1, 2))
        if error:
            raise error

    if error is None:
        main()
    else:
        with pytest.raises(SystemExit if isinstance(error, DataError) else type(error)):
            main()
    entry, = read(tmp_path)
    assert (entry['status'], entry.get('error'), entry.get('message')) == expected
    assert entry['ended'] >= entry['started']


def test_only_the_commands_of_the_block_end(tmp_path):
    write_command(tmp_path / 'outside', 'train', ['a.py'])
    with record_end():
        write_command(tmp_path, 'train', ['a.py'])
        write_command(tmp_path, 'test', ['a.py'])
    assert [entry['status'] for entry in read(tmp_path)] == ['finished', 'finished']
    assert read(tmp_path / 'outside')[0]['status'] == 'running'


@pytest.mark.parametrize('damaged', ['[{"tool": "tr', '{}', '[1]'])
def test_damaged_record_is_put_aside(tmp_path, capsys, damaged):
    (tmp_path / 'command.json').write_text(damaged)
    write_command(tmp_path, 'train', ['a.py'])
    assert [entry['command'] for entry in read(tmp_path)] == ['python tools/train.py a.py']
    assert (tmp_path / 'command.json.damaged').read_text() == damaged
    assert 'a new one is begun' in capsys.readouterr().out
