"""Finds the checkpoint from which a run can go on."""

import logging
import re
from pathlib import Path

import torch
from mmengine.logging import print_log

from egoexo import compat
from egoexo.errors import CheckpointError

__all__ = ['find_resumable_checkpoint', 'read_progress']

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
    compat.apply()
    try:
        checkpoint = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # zip, pickle and I/O errors: each means that this file cannot be used
        reason = f'{type(error).__name__}: {error}'.splitlines()[0]
        raise CheckpointError(f'{path} does not load ({reason}).') from error
    try:
        return int(checkpoint['meta']['epoch']), int(checkpoint['meta']['iter'])
    except (KeyError, TypeError) as error:
        raise CheckpointError(f'{path} holds no training state (meta.epoch, meta.iter); use load_from to start '
                              'from its weights.') from error


def find_resumable_checkpoint(work_dir: str | Path) -> str | None:
    """Newest checkpoint of a work directory that loads.

    ``last_checkpoint`` is tried first; when its file is missing or damaged, as after a full disk, the older ones
    follow, newest first, and each file that is passed over is named in the log.

    Args:
        work_dir (str | Path): Work directory of the run.

    Returns:
        str | None: Path of the checkpoint, None when the directory holds none at all.

    Raises:
        CheckpointError: If there are checkpoints but none of them loads.
    """
    candidates = _candidates(Path(work_dir))
    problems = []
    for path in candidates:
        try:
            epoch, iteration = read_progress(path)
        except CheckpointError as error:
            problems.append(str(error))
            print_log(f'Passed over: {error}', logger='current', level=logging.WARNING)
            continue
        print_log(f'Resuming from {path}: {epoch} epochs, {iteration} iterations done.', logger='current')
        return str(path)
    if candidates:
        raise CheckpointError(f'None of the {len(candidates)} checkpoints in {work_dir} can be resumed. '
                              f'{problems[0]} Start anew with another --work-dir, or give --resume PATH.')
    return None


def _candidates(work_dir: Path) -> list[Path]:
    """Existing numbered checkpoints, the one that ``last_checkpoint`` names first, then the newest."""
    numbered = [path for path in work_dir.glob('*.pth') if NUMBERED.fullmatch(path.name)]
    numbered.sort(key=lambda path: (path.stat().st_mtime, int(NUMBERED.fullmatch(path.name)[2])), reverse=True)
    pointer = work_dir / 'last_checkpoint'
    if pointer.is_file():
        # Only the name counts: the work directory may have been moved since.
        last = work_dir / Path(pointer.read_text(encoding='utf-8').strip()).name
        if last.is_file():
            numbered = [last, *(path for path in numbered if path != last)]
    return numbered
