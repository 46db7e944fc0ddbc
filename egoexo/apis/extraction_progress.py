"""How far an extraction is, and how long the rest will take."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import av

__all__ = ['ExtractionProgress']


class ExtractionProgress:
    """Counts frames and says, now and then, how long the rest will take.

    Args:
        todo (Mapping[str, Path]): Videos by uid; the frames that their headers promise are the whole work.
        report_sec (float): Seconds between two lines.
        say (Callable[[str], None]): Where the lines go.
    """

    def __init__(self, todo: Mapping[str, Path], report_sec: float, say: Callable[[str], None]) -> None:
        self.frames = {uid: _announced_frames(path) for uid, path in todo.items()}
        self.report_sec, self.say = report_sec, say
        self.started = self.last = time.monotonic()
        self.decoded, self.seen, self.settled, self.num_done, self.num_failed = 0, 0, 0, 0, 0

    def advance(self, num_frames: int) -> None:
        """Note frames decoded in this process.

        Args:
            num_frames (int): Since the last call.
        """
        self.update(self.decoded + num_frames)

    def update(self, decoded: int) -> None:
        """Note frames decoded by all processes.

        Args:
            decoded (int): Since the start.
        """
        self.decoded = decoded
        if time.monotonic() - self.last >= self.report_sec:
            self.line()

    def finish(self, uid: str, reason: str | None) -> None:
        """Note that a video is through.

        Args:
            uid (str): One of ``todo``.
            reason (str, optional): Why it has no features; said at once.
        """
        self.num_done += reason is None
        self.num_failed += reason is not None
        self.settled += self.frames[uid]
        if reason is not None:
            self.say(f'FAILED {uid}: {reason}')

    def line(self) -> None:
        """Say where things stand."""
        self.last = time.monotonic()
        total = sum(self.frames.values())
        done = max(min(self.decoded, total), self.settled)
        elapsed = max(self.last - self.started, 1e-6)
        left = '' if not done or done >= total else f', {_clock(elapsed * (total - done) / done)} left'
        failed = f', {self.num_failed} failed' if self.num_failed else ''
        self.say(f'{self.num_done} of {len(self.frames)} videos{failed}, {done} of {total} frames, '
                 f'{self.decoded / elapsed:.0f} frames/s{left}')


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f'{minutes // 60}:{minutes % 60:02d}:{seconds:02d}'


def _announced_frames(path: Path) -> int:
    """Frames that the header of a file promises, 0 when it says nothing; for the time left only."""
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            rate = float(stream.average_rate or 25)
            return stream.frames or round((container.duration or 0) / av.time_base * rate)
    except (av.FFmpegError, OSError, IndexError):
        return 0
