"""Finds the checkpoint from which a run can go on."""

import logging
import re
from collections.abc import Callable
from pathlib import Path

from mmengine.logging import print_log

from egoexo.checkpoints.loading import load_checkpoint_file
from egoexo.errors import CheckpointError, explain

__all__ = ['find_resumable_checkpoint', 'newest_checkpoint', 'read_progress']

NUMBERED = re.compile(r'(epoch|iter)_(\d+)\.pth')


def read_progress(path: str | Path) -> tuple[int, int]:
    """Load a checkpoint whole and say how far its run had come.

    Args:
        path (str | Path): Checkpoint of a training run.

    Returns:
        tuple[int, int]: Finished epochs and iterations.

    Raises:
        CheckpointError: If the file is truncated, foreign or holds no training state.
    """
    checkpoint = load_checkpoint_file(path)
    meta = checkpoint.get('meta')
    progress = [meta.get(key) for key in ('epoch', 'iter')] if isinstance(meta, dict) else [None]
    if not all(isinstance(number, int) and number >= 0 for number in progress):
        raise CheckpointError(explain(path, 'the training state of a run', 'a file that holds no training state '
                                      '(meta.epoch, meta.iter)', 'Use load_from to start from its weights.'))
    return progress[0], progress[1]


def find_resumable_checkpoint(work_dir: str | Path) -> str | None:
    """Newest checkpoint of a work directory that loads.

    A missing or damaged file, as after a full disk, is passed over and named in the log. Each candidate is read whole,
    so the file that is taken is read twice, here and by the Runner.

    Args:
        work_dir (str | Path): Work directory of the run.

    Returns:
        str | None: Path of the checkpoint, None when the directory holds none at all.

    Raises:
        CheckpointError: If there are checkpoints but none of them loads.
    """
    problems = []

    def pass_over(error: CheckpointError) -> None:
        problems.append(str(error))
        print_log(f'Passed over: {error}', logger='current', level=logging.WARNING)

    found = newest_checkpoint(work_dir, pass_over)
    if found is not None:
        path, epochs, iterations = found
        print_log(f'Resuming from {path}: {epochs} epochs, {iterations} iterations done.', logger='current')
        return str(path)
    if problems:
        raise CheckpointError(f'{work_dir}: expected a checkpoint to go on from, found that none of the '
                              f'{len(problems)} can be resumed. {problems[0]} Start anew with another --work-dir, or '
                              'give --resume PATH.')
    return None


def newest_checkpoint(
        work_dir: str | Path,
        pass_over: Callable[[CheckpointError], None] = lambda error: None) -> tuple[Path, int, int] | None:
    """Newest checkpoint that loads, and how far it had come.

    Args:
        work_dir (str | Path): Work directory of the run.
        pass_over (Callable): Told about each newer file that does not load. Defaults to silence.

    Returns:
        tuple[Path, int, int] | None: Path, finished epochs and finished iterations.
    """
    for path in _candidates(Path(work_dir)):
        try:
            return path, *read_progress(path)
        except CheckpointError as error:
            pass_over(error)
    return None


def _candidates(work_dir: Path) -> list[Path]:
    """Existing numbered checkpoints, newest first.

    ``last_checkpoint`` decides, because times are lost when a folder is copied. Only a file written after the one it
    names comes before it: the process then died between the two writes.
    """
    found = [path for path in work_dir.glob('*.pth') if NUMBERED.fullmatch(path.name) and path.is_file()]
    numbered = sorted(found, key=lambda path: (path.stat().st_mtime_ns, _number(path)), reverse=True)
    last = _named_by_pointer(work_dir)
    if last is None:
        return numbered
    newer = [path for path in numbered if path != last and _written_after(path, last)]
    return [*newer, last, *(path for path in numbered if path != last and path not in newer)]


def _number(path: Path) -> int:
    return int(NUMBERED.fullmatch(path.name)[2])


def _written_after(path: Path, last: Path) -> bool:
    kind, number = NUMBERED.fullmatch(path.name).groups()
    last_kind, last_number = NUMBERED.fullmatch(last.name).groups() if NUMBERED.fullmatch(last.name) else ('', 0)
    later = path.stat().st_mtime_ns > last.stat().st_mtime_ns
    return later and (kind != last_kind or int(number) > int(last_number))


def _named_by_pointer(work_dir: Path) -> Path | None:
    """File that ``last_checkpoint`` names, if it does name one; the pointer itself may be damaged."""
    try:
        content = (work_dir / 'last_checkpoint').read_text(encoding='utf-8').strip()
    except (OSError, UnicodeDecodeError):
        return None
    # Only the name counts: the work directory may have been moved since.
    name = content.replace('\0', '').splitlines()[-1:] or ['']
    last = work_dir / Path(name[0]).name
    try:
        return last if last.suffix == '.pth' and last.is_file() else None
    except OSError:  # a name too long to be one
        return None
