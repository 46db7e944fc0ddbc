import pytest

from egoexo.utils import transfer_progress
from egoexo.utils.transfer_progress import TransferProgress, format_bytes


@pytest.mark.parametrize(('count', 'text'), [(0, '0 B'), (743, '743 B'), (999.4, '999 B'), (1000, '1.0 kB'),
                                             (3_155_031, '3.2 MB'), (2e12, '2000.0 GB')])
def test_sizes(count, text):
    assert format_bytes(count) == text


def test_rate_and_time_left_count_this_transfer_only():
    progress = TransferProgress('a.pth', 4_000_000, start=1_000_000)
    assert progress.line(2_000_000, 2.0) == 'a.pth: 2.0 MB of 4.0 MB (50 %), 500.0 kB/s, ETA 4 s'
    assert TransferProgress('a.pth', None).line(2_000_000, 2.0) == 'a.pth: 2.0 MB, 1.0 MB/s'


def test_silent_when_short_and_a_line_per_interval(monkeypatch):
    times = iter([0.0, 4.0, 5.0, 6.0, 11.0])
    monkeypatch.setattr(transfer_progress.time, 'monotonic', lambda: next(times))
    said = []
    progress = TransferProgress('a', 100, say=said.append)
    for done in (10, 50, 60, 99):
        progress.update(done)
    assert said == ['a: 50 B of 100 B (50 %), 10 B/s, ETA 5 s', 'a: 99 B of 100 B (99 %), 9 B/s, ETA 0 s']
