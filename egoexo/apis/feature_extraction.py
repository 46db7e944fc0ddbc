"""A folder of videos to a folder of features: several processes, resumable, one bad video stops nothing."""

import contextlib
import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from egoexo.apis.clip_features import no_advance
from egoexo.apis.extraction_progress import ExtractionProgress
from egoexo.apis.feature_folder import FeatureFolder
from egoexo.apis.timed_video import TimedVideo
from egoexo.datasets.recipe import FeatureRecipe
from egoexo.engine import write_atomically
from egoexo.errors import ConfigError, DataError, EgoExoError, VideoError
from egoexo.formats.video_names import VIDEO_SUFFIXES, video_uid

__all__ = ['ExtractionOptions', 'ExtractionSummary', 'VideoFeatures', 'extract_features', 'find_videos', 'take_shard']

_DEFAULT_FPS = 5.0  # rows per second that the default stride comes nearest to


class VideoFeatures(Protocol):
    """What makes rows of one video, e.g. :class:`egoexo.apis.clip_features.ClipFeatures`."""

    def recipe(self, video_fps: float, stride: int) -> dict[str, object]:
        """Recipe fields of rows that lie ``stride`` frames apart, without ``dtype``."""

    def rows(self, video: TimedVideo, stride: int, advance: Callable[[int], None] = no_advance) -> np.ndarray:
        """Rows of one video, float32, (T, D); calls ``advance`` with the number of frames decoded."""


@dataclass(frozen=True)
class ExtractionOptions:
    """How a folder of videos is worked through.

    Args:
        stride (int, optional): Video frames from one row to the next.
        feature_fps (float, optional): Rows per second, instead of ``stride``. With neither, the whole number of frames
            that comes nearest to 5 rows per second.
        video_fps (float, optional): Rate to which every video is brought, by time; None takes the rate of the first
            video and refuses others.
        dtype (str): ``'float32'`` or ``'float16'``.
        suffix (str): ``'.npy'`` or ``'.pt'``.
        jobs (int): Processes.
        shard (tuple[int, int]): This run is number i of n, from 1; each takes its own videos.
        report_sec (float): Seconds between two progress lines.
    """

    stride: int | None = None
    feature_fps: float | None = None
    video_fps: float | None = None
    dtype: str = 'float32'
    suffix: str = '.npy'
    jobs: int = 1
    shard: tuple[int, int] = (1, 1)
    report_sec: float = 10.0


@dataclass
class ExtractionSummary:
    """What a run did.

    Args:
        written (list[str]): uids of the files written now.
        skipped (list[str]): uids whose files were there already.
        failed (dict[str, dict]): ``video`` and ``reason`` by uid.
    """

    written: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: dict[str, dict[str, str]] = field(default_factory=dict)


def find_videos(folder: str | Path, suffixes: Sequence[str] = VIDEO_SUFFIXES) -> dict[str, Path]:
    """Videos of a folder and its sub-folders.

    Args:
        folder (str | Path): Folder; a single file is taken as well. Hidden files and folders are passed over.
        suffixes (Sequence[str]): Endings that count, compared without regard to case.

    Returns:
        dict[str, Path]: By uid (:func:`egoexo.formats.video_names.video_uid`), sorted.

    Raises:
        VideoError: If there is no video, or two would have the same uid.
    """
    folder = Path(folder)
    if folder.is_file():
        return {video_uid(folder.name): folder}
    paths = sorted(path for path in folder.rglob('*') if path.suffix.lower() in suffixes and path.is_file()
                   and not any(part.startswith('.') for part in path.relative_to(folder).parts))
    if not paths:
        raise VideoError(f'{folder} holds no video; expected files that end in {", ".join(suffixes)}'
                         f'{"" if folder.is_dir() else ", but there is no such folder"}.')
    videos: dict[str, Path] = {}
    for path in paths:
        uid = video_uid(path.relative_to(folder).as_posix())
        if uid in videos:
            raise VideoError(f'{videos[uid]} and {path} would both become {uid}; rename one of them.')
        videos[uid] = path
    return dict(sorted(videos.items()))


def take_shard(videos: Mapping[str, Path], shard: tuple[int, int]) -> dict[str, Path]:
    """Videos of one of several runs; all shards together hold every video once.

    Args:
        videos (Mapping[str, Path]): All videos, in the same order on every machine.
        shard (tuple[int, int]): Number i, from 1, of n.

    Raises:
        ConfigError: If i is not between 1 and n.
    """
    number, count = shard
    if not 1 <= number <= count:
        raise ConfigError(f'shard {number}/{count}: expected i/n with i from 1 to n, e.g. 1/4 to 4/4.')
    return dict(list(videos.items())[number - 1::count])


def extract_features(videos: Mapping[str, Path], out: str | Path, make: Callable[[str], VideoFeatures],
                     options: ExtractionOptions | None = None, devices: Sequence[str] = ('cpu',),
                     say: Callable[[str], None] = print) -> ExtractionSummary:
    """Extract the features of some videos into a folder, going on where an earlier run stopped.

    Each process computes with one thread, so that the files do not depend on ``jobs``.

    Args:
        videos (Mapping[str, Path]): All videos by uid, those of other shards included.
        out (str | Path): Feature folder.
        make (Callable[[str], VideoFeatures]): Makes the extractor on a device; with several jobs it is pickled.
        options (ExtractionOptions, optional): See there.
        devices (Sequence[str]): Process ``k`` takes ``devices[k % len(devices)]``.
        say (Callable[[str], None]): Where progress goes.

    Returns:
        ExtractionSummary: ``failed`` is also written as ``failed.json`` into the folder, and removed when empty.

    Raises:
        FeatureError: If the folder holds features of another recipe.
        VideoError: If no video can be read.
        ConfigError: If an option is impossible.
    """
    options = options or ExtractionOptions()
    if options.jobs < 1:
        raise ConfigError(f'{options.jobs} jobs: expected at least 1 process.')
    chosen = take_shard(videos, options.shard)
    fps = options.video_fps or _rate_of_first(videos)
    stride = _stride(options, fps)
    features = make(devices[0])
    recipe = FeatureRecipe.from_dict(features.recipe(fps, stride) | dict(dtype=options.dtype))
    folder = FeatureFolder(out, recipe, options.suffix)
    folder.prepare()
    say(f'{folder.root}: {recipe}')
    summary = ExtractionSummary(skipped=[uid for uid in chosen if folder.has(uid)])
    todo = {uid: path for uid, path in chosen.items() if uid not in set(summary.skipped)}
    if summary.skipped:
        say(f'{len(summary.skipped)} of {len(chosen)} videos are done already')
    job = _Job(folder, stride, fps, resample=options.video_fps is not None)
    progress = ExtractionProgress(todo, options.report_sec, say)
    jobs = min(options.jobs, len(todo))
    results = _in_pool(job, todo, make, devices, jobs, progress) if jobs > 1 else \
        ((uid, job.run(features, uid, path, progress.advance)) for uid, path in todo.items())
    with _one_thread():
        for uid, reason in results:
            progress.finish(uid, reason)
            if reason is None:
                summary.written.append(uid)
            else:
                summary.failed[uid] = dict(video=str(todo[uid]), reason=reason)
    progress.line()
    _write_failed(folder.root, options.shard, summary.failed)
    return summary


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _rate_of_first(videos: Mapping[str, Path]) -> float:
    """Rate of the first video that can be read, the same on every shard."""
    first_error = None
    for path in videos.values():
        try:
            with TimedVideo(path) as video:
                return video.fps
        except VideoError as error:
            first_error = first_error or error
    raise VideoError(f'none of the {len(videos)} videos can be read. The first: {first_error}')


def _stride(options: ExtractionOptions, fps: float) -> int:
    """Frames from row to row, a whole number."""
    if options.stride is not None and options.feature_fps is not None:
        raise ConfigError(f'stride {options.stride} and {options.feature_fps:g} rows per second both say how far apart '
                          'rows lie; give one of them.')
    if options.stride is not None:
        if options.stride < 1:
            raise ConfigError(f'stride {options.stride}: expected at least 1 frame.')
        return options.stride
    if options.feature_fps is None:
        return max(round(fps / _DEFAULT_FPS), 1)
    exact = fps / options.feature_fps
    if exact < 1 or abs(exact - round(exact)) > 1e-6 * exact:
        near = max(round(exact), 1)
        raise ConfigError(f'{options.feature_fps:g} rows per second of {fps:g} frames per second are {exact:.4g} '
                          f'frames from row to row, expected a whole number. Give --stride {near} ({fps / near:g} '
                          'rows per second), or bring the videos to another rate, e.g. --video-fps '
                          f'{options.feature_fps * near:g}.')
    return round(exact)


def _write_failed(root: Path, shard: tuple[int, int], failed: Mapping) -> None:
    path = root / ('failed.json' if shard == (1, 1) else f'failed_{shard[0]}of{shard[1]}.json')
    if failed:
        write_atomically((json.dumps(failed, indent=1) + '\n').encode(), path)
    else:
        path.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Job:
    """What is done with each video, in whatever process."""

    folder: FeatureFolder
    stride: int
    fps: float
    resample: bool

    def run(self, features: VideoFeatures, uid: str, path: Path, advance: Callable[[int], None]) -> str | None:
        """Write one file; returns why not."""
        try:
            with TimedVideo(path, self.fps, self.resample) as video:
                self.folder.write(uid, features.rows(video, self.stride, advance))
        except DataError as error:
            return str(error)
        return None


_WORKER: dict[str, object] = {}  # what this process extracts with, set once by _start_worker


def _start_worker(make: Callable[[str], VideoFeatures], job: _Job, devices: Sequence[str], rank: object,
                  decoded: object) -> None:
    torch.set_num_threads(1)
    with rank.get_lock():
        device = devices[rank.value % len(devices)]
        rank.value += 1
    _WORKER.update(make=make, device=device, job=job, decoded=decoded)


def _work(uid: str, path: Path) -> tuple[str, str | None]:
    def advance(num_frames: int) -> None:
        with _WORKER['decoded'].get_lock():
            _WORKER['decoded'].value += num_frames

    if 'features' not in _WORKER:  # here and not at the start, so that its errors reach the caller
        _WORKER['features'] = _WORKER['make'](_WORKER['device'])
    return uid, _WORKER['job'].run(_WORKER['features'], uid, path, advance)


def _in_pool(job: _Job, todo: Mapping[str, Path], make: Callable[[str], VideoFeatures], devices: Sequence[str],
             jobs: int, progress: ExtractionProgress) -> Iterator[tuple[str, str | None]]:
    """Results of several processes as they come."""
    context = multiprocessing.get_context('spawn')  # a fork would share CUDA and the threads of torch
    rank, decoded = context.Value('i', 0), context.Value('q', 0)
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start_worker,
                               initargs=(make, job, tuple(devices), rank, decoded))
    try:
        futures = [pool.submit(_work, uid, path) for uid, path in todo.items()]
        yield from _as_they_come(futures, lambda: progress.update(decoded.value))
    except BrokenProcessPool as error:
        raise EgoExoError('a process died, perhaps because the memory was used up (see dmesg). What is finished stays; '
                          'repeat the command, with fewer --jobs or a smaller --batch-size.') from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _as_they_come(futures: Iterable, tick: Callable[[], None]) -> Iterator:
    pending = set(futures)
    while pending:
        try:
            for future in as_completed(pending, timeout=1.0):
                pending.discard(future)
                tick()
                yield future.result()
        except TimeoutError:
            tick()
