"""The pairs of a benchmark list, made one by one out of arrays when they are asked for."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import track as progress

from egoexo.datasets.correspondence_takes import CorrespondenceTakes, MaskTrack
from egoexo.formats.correspondence_pairs import PairItem
from egoexo.formats.relation_names import is_ego

__all__ = ['CorrespondenceList', 'PairArrays', 'PairTrack', 'list_file_pairs', 'list_pairs', 'missing_pictures',
           'places_by_view']


class PairTrack(NamedTuple):
    """What the pairs of a track share."""

    uid: str
    object_name: str
    query_camera: str
    target_camera: str


class PairArrays(NamedTuple):
    """Pairs as columns of one length, N.

    Args:
        tracks (list[PairTrack]): What ``track`` counts.
        track (np.ndarray): int32, which track.
        query (np.ndarray): int32, row of the query mask.
        target (np.ndarray): int32, row of the target mask, -1 where the object has none.
        order (np.ndarray): int32, place in the official order of the whole list.
        annotated (np.ndarray): int8, 1 if somebody looked for the object in the target view, 0 if not, -1 if unknown.
    """

    tracks: list[PairTrack]
    track: np.ndarray
    query: np.ndarray
    target: np.ndarray
    order: np.ndarray
    annotated: np.ndarray

    def select(self, chosen: np.ndarray | slice) -> 'PairArrays':
        """Some of the pairs.

        Args:
            chosen (np.ndarray | slice): A mask, places or a slice.

        Returns:
            PairArrays: With all tracks.
        """
        return PairArrays(self.tracks, *(column[chosen] for column in self[1:]))


def _match(query: np.ndarray, target: MaskTrack, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the target track at the frames of query rows (-1 for none), and whether somebody looked there."""
    numbers = frames[query]
    there = frames[target.first:target.end]
    rows = np.full(len(query), -1, dtype=np.int32)
    if len(there):
        order = np.argsort(there, kind='stable')
        places = order[np.minimum(np.searchsorted(there, numbers, sorter=order), len(there) - 1)]
        rows = np.where(there[places] == numbers, target.first + places, -1).astype(np.int32)
    annotated = np.full(len(query), -1, dtype=np.int8)
    if target.annotated is not None:
        annotated = np.isin(numbers, target.annotated).astype(np.int8)
    return rows, annotated


def list_pairs(takes: CorrespondenceTakes, uids: Iterable[str], direction: str) -> PairArrays:
    """All pairs of some takes in official order.

    Take by take, object by object, exo camera by exo camera, and there each frame of which the query view has a mask.
    An object without an ego camera has none; of several ego cameras the last one counts.

    Args:
        takes (CorrespondenceTakes): What was read.
        uids (Iterable[str]): Takes in the order of the split; those that could not be read are passed over.
        direction (str): ``'ego2exo'`` or ``'exo2ego'``.

    Returns:
        PairArrays: Query masks that could not be decoded are left out and take no place in the order.
    """
    tracks = []
    for uid in uids:
        for name, views in takes.tracks.get(uid, {}).items():
            egos = [camera for camera in views if is_ego(camera)][-1:]
            for camera in views:
                if egos and not is_ego(camera):
                    tracks.append(PairTrack(uid, name, *((egos[0], camera) if direction == 'ego2exo' else
                                                         (camera, egos[0]))))
    null = takes.store.is_null
    rows = []
    for track in tracks:
        query = takes.tracks[track.uid][track.object_name][track.query_camera]
        rows.append(np.arange(query.first, query.end, dtype=np.int32)[~null[query.first:query.end]])
    return _columns(takes, tracks, np.repeat(np.arange(len(tracks), dtype=np.int32), [len(part) for part in rows]),
                    np.concatenate(rows) if rows else np.zeros(0, dtype=np.int32))


def list_file_pairs(takes: CorrespondenceTakes, pairs: Sequence[PairItem],
                     direction: str) -> tuple[PairArrays, dict[str, list[str]]]:
    """The pairs of an official pair file.

    Args:
        takes (CorrespondenceTakes): What was read.
        pairs (Sequence[PairItem]): In file order.
        direction (str): Which of the two cameras of a pair is the query view.

    Returns:
        tuple[PairArrays, dict[str, list[str]]]: The pairs of the takes that could be read, and problems by take: pairs
        that its annotation does not have.
    """
    frames, null = takes.store.frames, takes.store.is_null
    numbers: dict[PairTrack, int] = {}
    rows_of: dict[int, dict[int, int]] = {}
    unknown: dict[str, list[PairItem]] = {}
    track, query = [], []
    for pair in pairs:
        if pair.take_uid not in takes.tracks:
            continue
        cameras = (pair.ego_camera, pair.exo_camera)[::1 if direction == 'ego2exo' else -1]
        key = PairTrack(pair.take_uid, pair.object_name, *cameras)
        number = numbers.get(key)
        if number is None:
            number = numbers[key] = len(numbers)
            views = takes.tracks[key.uid].get(key.object_name, {})
            masks = views.get(key.query_camera) if key.target_camera in views else None
            rows_of[number] = {} if masks is None else {
                int(frame): masks.first + place for place, frame in enumerate(frames[masks.first:masks.end])}
        row = rows_of[number].get(int(pair.frame))
        if row is None:
            unknown.setdefault(pair.take_uid, []).append(pair)
        elif not null[row]:
            track.append(number)
            query.append(row)
    problems = {uid: [f'{len(found):,} pairs of the pair file are not in its annotation, first object '
                      f'{found[0].object_name!r} of {found[0].ego_camera} and {found[0].exo_camera}, frame '
                      f'{found[0].frame}'] for uid, found in unknown.items()}
    # Tracks that a pair file names and the annotation lacks stay in the list of tracks, without a pair.
    return _columns(takes, list(numbers), np.array(track, np.int32), np.array(query, np.int32)), problems


def _columns(takes: CorrespondenceTakes, tracks: list[PairTrack], track: np.ndarray, query: np.ndarray) -> PairArrays:
    target = np.full(len(query), -1, dtype=np.int32)
    annotated = np.full(len(query), -1, dtype=np.int8)
    frames = takes.store.frames
    for key, places in _by_track(tracks, track):
        target[places], annotated[places] = _match(
            query[places], takes.tracks[key.uid][key.object_name][key.target_camera], frames)
    return PairArrays(tracks, track, query, target, np.arange(len(query), dtype=np.int32), annotated)


def missing_pictures(takes: CorrespondenceTakes, pairs: PairArrays,
                     what: str = 'list') -> tuple[np.ndarray, dict[str, list[str]]]:
    """Pairs of which a picture is not there; the folder of each camera is listed once.

    Args:
        takes (CorrespondenceTakes): What was read.
        pairs (PairArrays): The pairs.
        what (str): Name of the list, for the progress bar.

    Returns:
        tuple[np.ndarray, dict[str, list[str]]]: bool, (N,), True where one is missing; problems by take, one for each
        of its cameras.
    """
    missing = np.zeros(len(pairs.query), dtype=bool)
    frames = takes.store.frames
    problems: dict[str, list[str]] = {}
    console = Console(stderr=True)
    views = progress(places_by_view(pairs).items(), f'{what}: pictures', console=console, transient=True,
                     disable=not console.is_terminal)
    for (uid, camera), places in views:
        folder = os.path.join(takes.root, uid, camera)
        numbers = frames[pairs.query[places]]
        gone = ~np.isin(numbers, _pictures(folder))
        if gone.any():
            missing[places] |= gone
            wanted, absent = np.unique(numbers), np.unique(numbers[gone])
            problems.setdefault(uid, []).append(f'{camera}: {len(absent):,} of {len(wanted):,} pictures missing, first '
                                                f'{os.path.join(folder, f"{absent[0]}.jpg")}')
    return missing, problems


def places_by_view(pairs: PairArrays) -> dict[tuple[str, str], np.ndarray]:
    """Which pairs need the pictures of a camera.

    Args:
        pairs (PairArrays): The pairs.

    Returns:
        dict[tuple[str, str], np.ndarray]: (take, camera) -> places, in the order of the tracks.
    """
    views: dict[tuple[str, str], list[np.ndarray]] = {}
    for key, places in _by_track(pairs.tracks, pairs.track):
        for camera in (key.query_camera, key.target_camera):
            views.setdefault((key.uid, camera), []).append(places)
    return {view: np.concatenate(parts) for view, parts in views.items()}


def _by_track(tracks: Sequence[PairTrack], track: np.ndarray) -> Iterator[tuple[PairTrack, np.ndarray]]:
    """The tracks that have pairs, each with the places of its pairs."""
    order = np.argsort(track, kind='stable')
    for places in np.split(order, np.flatnonzero(np.diff(track[order])) + 1) if len(order) else ():
        yield tracks[track[places[0]]], places


def _pictures(folder: str) -> np.ndarray:
    """Frames of which a folder has a picture, int64."""
    try:
        names = os.listdir(folder)
    except OSError:
        names = []
    stems = (name[:-4] for name in names if name.endswith('.jpg'))
    return np.array([int(stem) for stem in stems if stem.isdecimal() and len(stem) < 10], dtype=np.int64)


class CorrespondenceList(Sequence):
    """Pairs of one list, each a plain dict that is made when it is asked for.

    Args:
        takes (CorrespondenceTakes): Masks.
        pairs (PairArrays): The pairs, in the order of the list.
        shared (Mapping[str, object]): What every dict holds beside its own: ``view``, ``subset``, ``test_mode``.
    """

    def __init__(self, takes: CorrespondenceTakes, pairs: PairArrays, shared: Mapping[str, object]) -> None:
        self.takes, self.pairs, self.shared = takes, pairs, dict(shared)

    def __len__(self) -> int:
        return len(self.pairs.query)

    def __getitem__(self, place: int | slice) -> 'dict | CorrespondenceList':
        """One pair, or a part of the list."""
        if isinstance(place, slice):
            return self.select(place)
        pairs, store = self.pairs, self.takes.store
        if not -len(self) <= place < len(self):
            raise IndexError(f'pair {place} of {len(self)}')
        key = pairs.tracks[pairs.track[place]]
        query, target, annotated = int(pairs.query[place]), int(pairs.target[place]), int(pairs.annotated[place])
        frame = str(store.frames[query])
        folder = os.path.join(self.takes.root, key.uid)
        return dict(
            sample_id='//'.join((*key, frame)), uid=key.uid, object_name=key.object_name,
            query_camera=key.query_camera, target_camera=key.target_camera, frame=frame, order=int(pairs.order[place]),
            query_path=os.path.join(folder, key.query_camera, f'{frame}.jpg'),
            target_path=os.path.join(folder, key.target_camera, f'{frame}.jpg'),
            query_rle=store.rle(query), target_rle=store.rle(target),
            is_annotated=None if annotated < 0 else bool(annotated), is_negative=target < 0, **self.shared)

    def select(self, chosen: Sequence[int] | np.ndarray | slice) -> 'CorrespondenceList':
        """Part of the list, which shares the masks.

        Args:
            chosen (Sequence[int] | np.ndarray | slice): Places, a mask or a slice.
        """
        chosen = chosen if isinstance(chosen, slice) else np.asarray(chosen)
        chosen = chosen.astype(np.int64) if isinstance(chosen, np.ndarray) and not chosen.size else chosen
        return CorrespondenceList(self.takes, self.pairs.select(chosen), self.shared)

    def views(self, place: int) -> tuple[PairTrack, str]:
        """Track and frame number of a pair, without its masks."""
        return self.pairs.tracks[self.pairs.track[place]], str(self.takes.store.frames[self.pairs.query[place]])

    def __deepcopy__(self, memo: dict) -> 'CorrespondenceList':
        return self
