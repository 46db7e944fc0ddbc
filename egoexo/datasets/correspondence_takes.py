"""Prepared takes of Ego-Exo4D relations as read from disk: their masks, and which frames were looked at."""

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from weakref import WeakValueDictionary

import numpy as np
from mmengine.logging import print_log
from rich.console import Console
from rich.progress import track

from egoexo.datasets.mask_store import MaskStore
from egoexo.errors import AnnotationError, explain
from egoexo.formats.correspondence_take import TAKE_FILE, TakeAnnotation, read_take_annotation

__all__ = ['AnnotatedFrames', 'CorrespondenceTakes', 'MaskTrack', 'read_takes']

#: Object -> camera -> frames that were looked at.
AnnotatedFrames = Mapping[str, Mapping[str, Sequence[int]]]
_TOLD_AFTER_SECONDS = 3


class MaskTrack(NamedTuple):
    """Masks of one object in one camera.

    Args:
        first (int): First row in the store.
        end (int): The one after the last.
        annotated (np.ndarray | None): Frames that were looked at, int64; None if that is not known.
    """

    first: int
    end: int
    annotated: np.ndarray | None


class CorrespondenceTakes:
    """Takes without a direction: the lists of both directions are made of the same object.

    Args:
        root (str | Path): Data root, which holds a folder for each take.
        annotated_frames (Mapping, optional): Take -> object -> camera -> frames, for takes whose own file does not
            say.

    Attributes:
        store (MaskStore): All masks.
        tracks (dict[str, dict[str, dict[str, MaskTrack]]]): Take -> object -> camera -> masks, in file order.
        problems (dict[str, str]): Why a take cannot be read.
    """

    def __init__(self, root: str | Path, annotated_frames: Mapping[str, AnnotatedFrames] | None = None) -> None:
        self.root = str(root)
        self.annotated_frames = annotated_frames or {}
        self.store = MaskStore()
        self.tracks: dict[str, dict[str, dict[str, MaskTrack]]] = {}
        self.problems: dict[str, str] = {}

    def read(self, uid: str) -> None:
        """Read one take; a problem is noted, not raised.

        Args:
            uid (str): The take.
        """
        folder = Path(self.root, uid)
        if not folder.is_dir():
            self.problems[uid] = f'no folder {folder}'
            return
        if not (folder / TAKE_FILE).exists():
            self.problems[uid] = f'no {TAKE_FILE} in {folder}; officially so where the ego video was missing'
            return
        try:
            take = read_take_annotation(folder / TAKE_FILE)
            for views in take.masks.values():
                for camera, masks in views.items():
                    _check_frames(masks, f'{folder / TAKE_FILE} {camera}')
        except AnnotationError as error:
            self.problems[uid] = str(error)
            return
        self._add(take)

    def _add(self, take: TakeAnnotation) -> None:
        looked = take.annotated_frames
        looked = self.annotated_frames.get(take.take_uid) if looked is None else looked
        self.tracks[take.take_uid] = {}
        for name, views in take.masks.items():
            tracks = self.tracks[take.take_uid][name] = {}
            for camera, masks in views.items():
                first = len(self.store)
                for frame, rle in masks.items():
                    self.store.add(int(frame), rle)
                annotated = None if looked is None else np.array(looked.get(name, {}).get(camera, ()), dtype=np.int64)
                tracks[camera] = MaskTrack(first, len(self.store), annotated)


def _check_frames(frames: Mapping[str, object], where: str) -> None:
    """Picture files have the frame number without leading zeros as their name."""
    wrong = next((frame for frame in frames if str(int(frame)) != frame), None)
    if wrong is not None:
        raise AnnotationError(explain(f'{where} frame', 'a number without leading zeros', repr(wrong),
                                      'Make the file again with tools/data/prepare_correspondence.py.'))


_open: 'WeakValueDictionary[tuple, CorrespondenceTakes]' = WeakValueDictionary()


def read_takes(root: str | Path, uids: Sequence[str], annotated_frames: Mapping[str, AnnotatedFrames] | None = None,
               source: str | None = None, what: str = 'takes') -> CorrespondenceTakes:
    """Read takes, or give the ones that another list of this process has read and still holds.

    Args:
        root (str | Path): Data root.
        uids (Sequence[str]): The takes, in order.
        annotated_frames (Mapping, optional): See :class:`CorrespondenceTakes`.
        source (str, optional): File that ``annotated_frames`` was read from, relative to ``root``; tells two lists with
            different ones apart.
        what (str): Name of the list, for messages.

    Returns:
        CorrespondenceTakes: With :attr:`~CorrespondenceTakes.problems` of those that cannot be read.
    """
    files = [Path(uid, TAKE_FILE) for uid in uids] + ([] if source is None else [Path(source)])
    key = (os.path.abspath(root), tuple(uids), source, tuple(_state(Path(root, file)) for file in files))
    takes = _open.get(key)
    if takes is None:
        takes = CorrespondenceTakes(root, annotated_frames)
        began = time.monotonic()
        console = Console(stderr=True)
        for uid in track(uids, f'{what}: takes', console=console, transient=True,
                         disable=not console.is_terminal):
            takes.read(uid)
        seconds = time.monotonic() - began
        if seconds > _TOLD_AFTER_SECONDS:
            print_log(f'{what}: {len(takes.store):,} masks of {len(uids)} takes ({takes.store.num_bytes / 1e6:,.0f}'
                      f' MB) read in {seconds:.0f} s', 'current')
        _open[key] = takes
    return takes


def _state(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
