"""A line with amount, rate and time left for transfers that take a while."""

import sys
import time
from collections.abc import Callable

__all__ = ['TransferProgress', 'format_bytes']


def format_bytes(count: float) -> str:
    """Size for people.

    Args:
        count (float): Bytes.

    Returns:
        str: ``'743 B'``, ``'3.0 MB'``; powers of 1000, as disks and servers count.
    """
    for unit in ('B', 'kB', 'MB', 'GB'):
        if count < 999.5 or unit == 'GB':
            return f'{count:.0f} {unit}' if unit == 'B' else f'{count:.1f} {unit}'
        count /= 1000
    raise AssertionError('unreachable')


class TransferProgress:
    """Says how far a transfer is; silent while it is short.

    Args:
        name (str): What is transferred.
        total (int | None): Bytes in all, None when unknown.
        start (int): Bytes that were there before.
        say (Callable, optional): Takes one line; defaults to printing it to stderr.
        interval_sec (float): Time between two lines; the first one comes after it. Defaults to 5 seconds.
    """

    def __init__(self, name: str, total: int | None, start: int = 0, say: Callable[[str], None] | None = None,
                 interval_sec: float = 5.0) -> None:
        self.name, self.total, self.start, self.interval_sec = name, total, start, interval_sec
        self.say = say or (lambda line: print(line, file=sys.stderr, flush=True))
        self._began = self._last = time.monotonic()

    def update(self, done: int) -> None:
        """Note how much is there.

        Args:
            done (int): Bytes, those that were there before included.
        """
        now = time.monotonic()
        if now - self._last >= self.interval_sec:
            self._last = now
            self.say(self.line(done, now - self._began))

    def line(self, done: int, seconds: float) -> str:
        """Text of one line.

        Args:
            done (int): Bytes, those that were there before included.
            seconds (float): Time since the transfer began.

        Returns:
            str: ``'mstcn.pth: 1.0 MB of 3.0 MB (33 %), 0.5 MB/s, ETA 4 s'``
        """
        rate = (done - self.start) / max(seconds, 1e-9)
        amount = format_bytes(done)
        if self.total:
            amount += f' of {format_bytes(self.total)} ({100 * done / self.total:.0f} %)'
        left = f', ETA {(self.total - done) / rate:.0f} s' if self.total and rate > 0 else ''
        return f'{self.name}: {amount}, {format_bytes(rate)}/s{left}'
