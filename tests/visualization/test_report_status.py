import datetime

import pytest

from egoexo.visualization.report_run import Run
from egoexo.visualization.report_status import status_notes, status_word


def entry(tool, status=None, **more):
    return {'tool': tool, 'command': f'python tools/{tool}.py a.py', 'started': 'noon'} | (
        {'status': status} if status else {}) | more


@pytest.mark.parametrize(('commands', 'word', 'wanted'), [
    ([], 'not noted', []),
    ([entry('train')], 'train (end not noted)', []),
    ([entry('train', 'finished'), entry('test', 'finished')], 'test finished', []),
    ([entry('train', 'failed'), entry('train', 'finished')], 'train finished', []),
    ([entry('train', 'failed', error='DataError', message='3 of 5 samples cannot be used')], 'train FAILED', [
        ['The newest training of runs/a, begun noon, FAILED with DataError: 3 of 5 samples cannot be used',
         'To go on from the newest checkpoint that loads: python tools/train.py a.py --resume']]),
    ([entry('train', 'running', command='python tools/train.py a.py --resume')], 'train never ended', [
        ['begun noon, NEVER ENDED', 'still running, or it had been killed. Last log line: 2026-01-01 12:03:10.',
         'that loads: python tools/train.py a.py --resume']]),
    ([entry('train', 'running'), entry('test', 'failed', error='CheckpointError', message='')], 'test FAILED', [
        ['The newest test of', 'CheckpointError: (no message)', 'To do it again: python tools/test.py a.py'],
        ['The newest training of', 'NEVER ENDED']])])
def test_outcome_of_the_newest_commands(commands, word, wanted):
    start = datetime.datetime(2026, 1, 1, 12)
    run = Run('runs/a', 'a', commands=commands, times=(start, start + datetime.timedelta(seconds=190)))
    assert status_word(run) == word
    notes = list(status_notes(run))
    assert [note.level for note in notes] == ['error'] * len(wanted)
    for note, pieces in zip(notes, wanted, strict=True):
        for piece in pieces:
            assert piece in note.text
