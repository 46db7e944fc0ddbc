"""LEMMA (Jia et al., ECCV 2020) as SUM-L reads it: people who cook and tidy up, seen by a third person's camera.

Below the root of the annotations lie ``metadata/all_{acts,objs,hois}.json`` (names of verbs, nouns and interactions),
``full/rec_<view>_frames.p`` (one row per frame and person), ``full/rec_fpv_segments_indices.p`` (runs of frames with
the same interactions, for both views) and ``splits/<split>.json`` (names of videos).
"""

import os
import reprlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple, NoReturn

import numpy as np

from egoexo.errors import AnnotationError, explain
from egoexo.files import read_json
from egoexo.formats.numpy_pickle import NUMPY_NAMES
from egoexo.formats.plain_pickle import read_pickle

__all__ = ['NULL', 'REPEAT', 'Lemma', 'LemmaLabel', 'LemmaNames', 'LemmaSegment', 'LemmaVideo', 'clip_frames',
           'is_inside', 'read_lemma', 'read_lemma_frames', 'read_lemma_names', 'read_lemma_segments',
           'read_lemma_split']

#: Interaction of somebody who does nothing.
NULL = 'null$'
#: Times in a row that the official list holds every segment; entry numbers of pair files count that list.
REPEAT = 3
_NAME_FILES = ('all_acts.json', 'all_objs.json', 'all_hois.json')
_PERSONS = ('P1', 'P2')
_MAX_ID = 10**6  # also of frames: eleven hours at 24 fps
_MAX_BYTES = 2**30  # a million rows have a quarter of it
_ADVICE = 'Fetch the annotations of LEMMA again.'


class LemmaNames(NamedTuple):
    """Names by id.

    Args:
        verbs (tuple[str, ...]): Of ``all_acts.json``, 25 in the release.
        nouns (tuple[str, ...]): Of ``all_objs.json``, 64 in the release.
        interactions (tuple[str, ...]): Of ``all_hois.json``; :data:`NULL` is one of them.
    """

    verbs: tuple[str, ...]
    nouns: tuple[str, ...]
    interactions: tuple[str, ...]


class LemmaLabel(NamedTuple):
    """What the person does in a frame.

    Args:
        verbs (tuple[int, ...]): Verb ids, ascending.
        nouns (tuple[int, ...]): Noun ids, ascending.
        interactions (tuple[int, ...]): Interaction ids in the order of the file.
    """

    verbs: tuple[int, ...]
    nouns: tuple[int, ...]
    interactions: tuple[int, ...]


class LemmaSegment(NamedTuple):
    """A run of frames with the same interactions.

    Args:
        video (str): Name of the video, with the person behind a bar.
        start_frame (int): First frame, from 0.
        length (int): Frames.
    """

    video: str
    start_frame: int
    length: int


@dataclass
class LemmaVideo:
    """Frames of one person in one video.

    Args:
        frames (dict[int, str]): Path of the picture by frame number, below the root of the pictures.
        labels (dict[int, tuple[LemmaLabel, ...]]): By frame number; one per box, of which there is one in the release.
    """

    frames: dict[int, str] = field(default_factory=dict)
    labels: dict[int, tuple[LemmaLabel, ...]] = field(default_factory=dict)

    def label(self, frame: int) -> LemmaLabel | None:
        """Everything that is done in a frame; None for a frame without a row.

        Args:
            frame (int): Frame number.
        """
        found = self.labels.get(frame)
        if found is None or len(found) == 1:
            return found and found[0]
        return LemmaLabel(*(tuple(sorted({number for label in found for number in label[part]})) for part in (0, 1)),
                          found[0].interactions)

    def clip(self, center: int, clip_len: int = 32, frame_interval: int = 2) -> list[str]:
        """Pictures around a frame; see :func:`clip_frames`.

        Args:
            center (int): Frame number.
            clip_len (int): Number of pictures.
            frame_interval (int): Distance.

        Returns:
            list[str]: Paths.

        Raises:
            KeyError: If the video has no row for one of the frames.
        """
        return [self.frames[frame] for frame in clip_frames(center, len(self.frames), clip_len, frame_interval)]


@dataclass(frozen=True)
class Lemma:
    """One view of one split.

    Args:
        names (LemmaNames): Names by id.
        videos (dict[str, LemmaVideo]): All videos of the view, by name.
        segments (tuple[LemmaSegment, ...]): Of the split, in which the person does something; each once.
        split_videos (tuple[str, ...]): Videos of the split that the view has, in file order.
    """

    names: LemmaNames
    videos: dict[str, LemmaVideo]
    segments: tuple[LemmaSegment, ...]
    split_videos: tuple[str, ...]

    def label(self, segment: LemmaSegment) -> LemmaLabel:
        """What is done at the start of a segment.

        Args:
            segment (LemmaSegment): One of :attr:`segments`.
        """
        return self.videos[segment.video].label(segment.start_frame)


def clip_frames(center: int, num_frames: int, clip_len: int = 32, frame_interval: int = 2) -> list[int]:
    """Frame numbers of a clip around a frame; beyond the ends the first and last frame repeat.

    Args:
        center (int): Frame number.
        num_frames (int): Frames of the video.
        clip_len (int): Number of frames, T.
        frame_interval (int): Distance.

    Returns:
        list[int]: T numbers from 0 to ``num_frames - 1``.

    Examples:
        >>> clip_frames(3, 100, clip_len=4)
        [0, 1, 3, 5]
    """
    half = clip_len * frame_interval // 2
    return [min(max(frame, 0), num_frames - 1) for frame in range(center - half, center + half, frame_interval)]


def read_lemma(root: str | os.PathLike, split: str = '1tpv_train', view: str = 'tpv') -> Lemma:
    """Read the annotations of one view and choose the segments of a split as SUM-L does.

    Args:
        root (str | os.PathLike): Folder with ``metadata``, ``full`` and ``splits``.
        split (str): Name of a list in ``splits``.
        view (str): ``'tpv'`` (default) or ``'fpv'``.

    Returns:
        Lemma: Names, videos and segments.

    Raises:
        AnnotationError: If a file is missing or malformed (all missing ones are named), a segment begins at a frame
            without a row, or nothing of the split is left.
    """
    root = Path(root)
    files = [*(root / 'metadata' / name for name in _NAME_FILES), root / 'full' / f'rec_{view}_frames.p',
             root / 'full' / 'rec_fpv_segments_indices.p', root / 'splits' / f'{split}.json']
    missing = [str(path.relative_to(root)) for path in files if not path.is_file()]
    if missing:
        raise AnnotationError(explain(root, 'the annotations of LEMMA', f'nothing in the place of {", ".join(missing)}',
                                      'Check the folder; split and view name two of the files.'))
    names = read_lemma_names(root)
    videos = read_lemma_frames(files[3], names)
    wanted = read_lemma_split(files[5])
    known = set(wanted)
    null = names.interactions.index(NULL)
    segments, strange = [], []
    for segment in read_lemma_segments(files[4]):
        if segment.video in known:
            found = videos[segment.video].labels.get(segment.start_frame) if segment.video in videos else None
            if found is None:
                strange.append(segment)
            elif any(null not in label.interactions for label in found):
                segments.append(segment)
    if strange:
        raise AnnotationError(explain(files[4], f'segments that begin at a frame of {files[3].name}',
                                      f'{len(strange)} others, first {tuple(strange[0])}', _ADVICE))
    if not segments:
        raise AnnotationError(explain(files[5], f'videos with segments in {files[4].name}', 'none', 'Check the split.'))
    return Lemma(names, videos, tuple(segments), tuple(name for name in wanted if name in videos))


def read_lemma_names(root: str | os.PathLike) -> LemmaNames:
    """Read the names of verbs, nouns and interactions.

    Args:
        root (str | os.PathLike): Folder with ``metadata``.

    Returns:
        LemmaNames: By id.

    Raises:
        AnnotationError: If a file is missing or malformed.
    """
    lists = []
    for name in _NAME_FILES:
        path = Path(root, 'metadata', name)
        content = read_json(path, AnnotationError, 'a list of names')
        if not isinstance(content, list) or not content or not all(isinstance(item, str) for item in content):
            raise AnnotationError(explain(path, 'a list of names', f'a {type(content).__name__}', _ADVICE))
        lists.append(tuple(content))
    if NULL not in lists[2]:
        raise AnnotationError(explain(path, f'the name {NULL!r} of doing nothing', 'none', _ADVICE))
    return LemmaNames(*lists)


def read_lemma_split(path: str | os.PathLike) -> list[str]:
    """Read a list of videos; the two persons of each are added, as in the official code.

    Args:
        path (str | os.PathLike): JSON list, e.g. ``splits/1tpv_train.json``.

    Returns:
        list[str]: Names, then names with ``|P1``, then with ``|P2``.

    Raises:
        AnnotationError: If the file is missing or malformed.
    """
    content = read_json(path, AnnotationError, 'a list of videos')
    if not isinstance(content, list) or not content or not all(isinstance(item, str) for item in content):
        raise AnnotationError(explain(path, 'a list of names of videos', f'a {type(content).__name__}', _ADVICE))
    return [*content, *(f'{name}|{person}' for person in _PERSONS for name in content)]


def read_lemma_segments(path: str | os.PathLike) -> list[LemmaSegment]:
    """Read ``rec_fpv_segments_indices.p``.

    Args:
        path (str | os.PathLike): The pickle; nothing in it is run.

    Returns:
        list[LemmaSegment]: In file order.

    Raises:
        AnnotationError: If the file is missing or malformed.
    """
    segments = []
    for number, row in _rows(path, 'the segments of LEMMA', 3):
        video, start, length = row
        if not isinstance(video, str) or not _is_id(start) or not _is_id(length) or not length:
            _refuse(f'{path} row {number}', 'a name, a first frame and a number of frames', row)
        segments.append(LemmaSegment(video, int(start), int(length)))
    return segments


def read_lemma_frames(path: str | os.PathLike, names: LemmaNames) -> dict[str, LemmaVideo]:
    """Read ``rec_tpv_frames.p`` or ``rec_fpv_frames.p``.

    Args:
        path (str | os.PathLike): The pickle; nothing in it is run.
        names (LemmaNames): What the ids are checked against.

    Returns:
        dict[str, LemmaVideo]: By name, in file order.

    Raises:
        AnnotationError: If the file is missing or malformed, or a path leads out of its folder.
    """
    videos: dict[str, LemmaVideo] = {}
    action = interactions = label = None
    for number, row in _rows(path, 'the frames of LEMMA', 9):
        name, frame, pictures = row[0], row[1], row[4]
        frame = int(frame) if isinstance(frame, str) and frame.isdecimal() and len(frame) < 8 else frame
        if not isinstance(name, str) or not _is_id(frame):
            _refuse(f'{path} row {number}', 'the name of a video and the number of a frame', row[:2])
        if not isinstance(pictures, list | tuple) or not pictures or not is_inside(pictures[0]):
            _refuse(f'{path} row {number}', 'a list with the path of a picture below the root', pictures)
        # Neighbouring rows are alike; comparing is quicker than checking again, and alike labels are kept once.
        if label is None or not _alike(row[6], action) or not _alike(row[8], interactions):
            action, interactions = row[6], row[8]
            label = _label(action, interactions, names)
            if label is None:
                _refuse(f'{path} row {number}', 'actions of verb ids and lists of noun ids, and interaction ids, of '
                        f'{", ".join(_NAME_FILES)}', [action, interactions])
        video, frame = videos.setdefault(name, LemmaVideo()), int(frame)
        video.frames.setdefault(frame, pictures[0])
        video.labels[frame] = (*video.labels.get(frame, ()), label)
    return videos


def _label(actions: object, interactions: object, names: LemmaNames) -> LemmaLabel | None:
    """Label of a row, None if it is malformed."""
    verbs, nouns = [], []
    if not isinstance(actions, list | tuple) or not isinstance(interactions, list | tuple) or not interactions:
        return None
    for action in actions:
        if not isinstance(action, list | tuple) or len(action) != 2 or not isinstance(action[1], list | tuple):
            return None
        verbs.append(action[0])
        for place in action[1]:
            nouns.extend(place if isinstance(place, list | tuple) else [place])
    fits = all(_is_id(number) and number < len(known)
               for known, numbers in zip(names, (verbs, nouns, interactions), strict=True) for number in numbers)
    return LemmaLabel(tuple(sorted(set(map(int, verbs)))), tuple(sorted(set(map(int, nouns)))),
                      tuple(map(int, interactions))) if fits else None


def _alike(one: object, other: object) -> bool:
    try:
        return bool(one == other)
    except ValueError:  # arrays; what comes next says so
        return False


def _rows(path: str | os.PathLike, what: str, width: int) -> list[tuple[int, Sequence]]:
    """Numbered rows of a list of tuples."""
    content = read_pickle(path, AnnotationError, what, NUMPY_NAMES, _MAX_BYTES)
    if not isinstance(content, list) or not content:
        raise AnnotationError(explain(path, f'{what}, a list of rows', f'a {type(content).__name__}'
                                      + (' without any' if content == [] else ''), _ADVICE))
    for number, row in enumerate(content):
        if not isinstance(row, list | tuple) or len(row) != width:
            _refuse(f'{path} row {number}', f'{width} values', row)
    return list(enumerate(content))


def _refuse(where: str, expected: str, found: object) -> NoReturn:
    raise AnnotationError(explain(where, expected, reprlib.repr(found), _ADVICE))


def _is_id(number: object) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool) and 0 <= number < _MAX_ID


def is_inside(name: object) -> bool:
    """Whether a path stays below the folder that it is appended to.

    Args:
        name (object): What a file holds as a path.
    """
    return (isinstance(name, str) and 0 < len(name) <= 1000 and name.isprintable() and '\\' not in name
            and name[0] != '/' and ('..' not in name or '..' not in PurePosixPath(name).parts))
