"""Prepares Ego-Exo4D for the benchmark correspondence: pictures and masks of each take in the official layout."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import cv2
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from egoexo.apis.correspondence_frames import (
    FRAME_STEP,
    TooSmallError,
    check_target_size,
    extract_frames,
    picture_size,
    video_path,
)
from egoexo.datasets.video_reader import VideoReader
from egoexo.errors import AnnotationError, ConfigError, DataError, EgoExoError, VideoError, explain, printable
from egoexo.formats.correspondence_pairs import DIRECTIONS, create_pairs, pairs_file_name, write_pairs
from egoexo.formats.correspondence_take import (
    SPLIT_FILES,
    TAKE_FILE,
    TakeAnnotation,
    read_split,
    write_split,
    write_take_annotation,
)
from egoexo.formats.correspondence_truth import TRUTH_FILE, build_ground_truth, iter_prepared_takes
from egoexo.formats.relations import RelationTake, is_ego, iter_relation_texts, parse_relation_take

__all__ = ['PreparationReport', 'prepare']

_NUM_EXAMPLES = 5


@dataclass
class PreparationReport:
    """What was made and what was not.

    Args:
        prepared (list[str]): Takes of this run.
        kept (list[str]): Takes that were there before.
        skipped (dict[str, str]): Take -> why it has no annotation now.
        unknown (list[str]): Takes of the split that no relations file holds.
        cameras (list[str]): Exo cameras without pictures, or not all of them, and why; their annotation is kept.
        num_masks (int): Masks of the takes of this run.
        num_bad_masks (int): Those of them that cannot be read; their frames have no mask (null).
        bad_masks (list[str]): The first of them.
        files (list[Path]): Lists of pairs and ground truth.
    """

    prepared: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    cameras: list[str] = field(default_factory=list)
    num_masks: int = 0
    num_bad_masks: int = 0
    bad_masks: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The report as text: counts, and examples of whatever went wrong; skipped takes and cameras in full.

        Returns:
            list[str]: Lines without line ends.
        """
        lines = [f'{len(self.prepared):,} takes prepared, {len(self.kept):,} were there, {len(self.skipped):,} skipped']
        lines += [f'  skipped {uid}: {printable(reason)}' for uid, reason in self.skipped.items()]
        if self.unknown:
            lines.append(f'{len(self.unknown):,} takes of the split are in none of the relations files '
                         f'(first {self.unknown[:_NUM_EXAMPLES]})')
        if self.cameras:
            lines.append(f'{len(self.cameras):,} exo cameras lack pictures; their annotation is kept')
            lines += [f'  {printable(camera)}' for camera in self.cameras]
        if self.num_bad_masks:
            lines.append(f'{self.num_bad_masks:,} of {self.num_masks:,} masks cannot be read and are null; the first:')
            lines += [f'  {printable(mask)}' for mask in self.bad_masks]
        return lines + [f'wrote {path}' for path in self.files]


@dataclass(frozen=True)
class _Job:
    """What a process needs for one take."""

    uid: str
    text: str
    where: str
    root: Path
    out: Path
    target_size: int | str | None


@dataclass
class _Outcome:
    """What became of a take."""

    uid: str
    skipped: str | None = None
    too_small: bool = False
    cameras: list[str] = field(default_factory=list)
    num_masks: int = 0
    bad_masks: list[str] = field(default_factory=list)
    num_bad_masks: int = 0


def prepare(root: str | Path, out: str | Path, splits: Sequence[str] = ('train', 'val'),
            target_size: int | str | None = None, jobs: int = 1, overwrite: bool = False, pairs: bool = False,
            ground_truth: str | None = None, split_file: str | Path | None = None,
            progress: bool = True) -> PreparationReport:
    """Make pictures and annotations of all takes of some splits; takes that are there are kept.

    The layout is that of the official code: ``<out>/split.json``, ``<out>/<take_uid>/annotation.json`` and
    ``<out>/<take_uid>/<camera>/<frame>.jpg``. The annotation of a take is written last, so a take that has one is
    whole, and a run that was stopped goes on where it was.

    Args:
        root (str | Path): Download of Ego-Exo4D: ``annotations/relations_<split>.json`` and ``takes/``.
        out (str | Path): Data root to make.
        splits (Sequence[str]): Relations files to read, and takes to prepare.
        target_size (int | str, optional): Longest side of the pictures, or ``'none'`` for that of the video; by default
            the official half of ego and quarter of exo videos, which asks for takes in full resolution.
        jobs (int): Processes; each works on one take.
        overwrite (bool): Make takes again that are there.
        pairs (bool): Also write the official lists of pairs of all splits and both directions.
        ground_truth (str, optional): Split of which ``correspondence-gt.json`` is written.
        split_file (str | Path, optional): List of takes per split; ``<root>/annotations/split.json`` by default.
        progress (bool): Show a bar with the time that is left.

    Returns:
        PreparationReport: Every take and camera that lacks something, and why.

    Raises:
        ConfigError: If the size or the number of jobs cannot be meant, or the official size is asked for and the first
            video is too small for it.
        AnnotationError: If the list of takes or a relations file is missing or damaged.
        DataError: If no take could be prepared.
        OSError: If a file cannot be written.
    """
    check_target_size(target_size)
    if type(jobs) is not int or jobs < 1:
        raise ConfigError(explain('jobs', 'a number of processes, 1 or more', repr(jobs), 'Choose another one.'))
    root, out = Path(root), Path(out)
    split = read_split(split_file or root / 'annotations' / SPLIT_FILES[0])
    absent = [name for name in (*splits, *([ground_truth] if ground_truth else [])) if name not in split]
    if absent:
        raise AnnotationError(explain(split_file or root / 'annotations' / SPLIT_FILES[0],
                                      f'the splits {", ".join(splits)}', ', '.join(split) or 'none',
                                      'Choose other splits, or another list of takes.'))
    write_split(out / SPLIT_FILES[0], split)
    report = PreparationReport()
    wanted = dict.fromkeys(uid for name in splits for uid in split[name])
    for uid in list(wanted):
        if (out / uid / TAKE_FILE).is_file() and not overwrite:
            report.kept.append(uid)
            del wanted[uid]
    if wanted:
        _prepare_takes(report, list(wanted), _jobs(root, out, splits, wanted, target_size), jobs, progress)
    if not report.prepared and not report.kept:
        reasons = list(dict.fromkeys(report.skipped.values()))[:_NUM_EXAMPLES]
        raise DataError(explain(root, f'takes of the splits {", ".join(splits)} that can be prepared',
                                f'none: {len(report.skipped):,} skipped, {len(report.unknown):,} without annotation',
                                f'{" ".join(printable(reason) for reason in reasons)} Download what is missing.'))
    if pairs:
        for name in splits:
            for direction in DIRECTIONS:
                path = out / pairs_file_name(name, direction)
                write_pairs(path, create_pairs(iter_prepared_takes(out, name), direction, str(out)))
                report.files.append(path)
    if ground_truth:
        build_ground_truth(out, ground_truth, relations=root / 'annotations' / f'relations_{ground_truth}.json')
        report.files.append(out / TRUTH_FILE)
    return report


def _jobs(root: Path, out: Path, splits: Iterable[str], wanted: Iterable[str],
          target_size: int | str | None) -> Iterator[_Job]:
    left = set(wanted)
    for name in splits:
        path = root / 'annotations' / f'relations_{name}.json'
        for uid, text in iter_relation_texts(path, wanted):
            if uid in left:
                left.remove(uid)
                yield _Job(uid, text, f'{path} take {uid}', root, out, target_size)


def _prepare_takes(report: PreparationReport, wanted: list[str], tasks: Iterator[_Job], jobs: int,
                   progress: bool) -> None:
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
               TextColumn('left'), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not progress) as bar:
        row = bar.add_task('takes', total=len(wanted))
        for outcome in map(_prepare_take, tasks) if jobs == 1 else _in_pool(_prepare_take, tasks, jobs):
            if outcome.too_small and not report.prepared and not report.kept:
                raise ConfigError(outcome.skipped)  # all others are like it
            _note(report, outcome)
            bar.advance(row)
    seen = {*report.prepared, *report.skipped}
    report.unknown += [uid for uid in wanted if uid not in seen]


def _note(report: PreparationReport, outcome: _Outcome) -> None:
    if outcome.skipped is not None:
        report.skipped[outcome.uid] = outcome.skipped
        return
    report.prepared.append(outcome.uid)
    report.cameras += outcome.cameras
    report.num_masks += outcome.num_masks
    report.num_bad_masks += outcome.num_bad_masks
    report.bad_masks = (report.bad_masks + outcome.bad_masks)[:_NUM_EXAMPLES]


def _in_pool(work: Callable[[_Job], _Outcome], tasks: Iterator[_Job], jobs: int) -> Iterator[_Outcome]:
    """Outcomes as they come; few tasks wait at a time, for each holds the text of a take."""
    context = multiprocessing.get_context('spawn')  # a forked copy of a process that runs threads may hang
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=cv2.setNumThreads, initargs=(1, ))
    pending: set[Future] = set()
    try:
        while True:
            pending |= {pool.submit(work, task) for task in islice(tasks, 2 * jobs - len(pending))}
            if not pending:
                return
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    except BrokenProcessPool as cause:
        raise EgoExoError('a process died, perhaps because the memory was used up (see dmesg). What is finished stays; '
                          'repeat the command with fewer --jobs.') from cause
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _prepare_take(job: _Job) -> _Outcome:
    """Pictures of all cameras of a take, then its annotation."""
    outcome = _Outcome(job.uid)
    try:
        take = parse_relation_take(job.uid, job.text, job.where)
        frames = _extract_take(job, take, outcome)
    except DataError as reason:
        outcome.skipped, outcome.too_small = str(reason), isinstance(reason, TooSmallError)
        return outcome
    masks = [mask for views in take.masks.values() for view in views.values() for mask in view.values()]
    outcome.num_masks, outcome.num_bad_masks = len(masks), len(take.problems)
    outcome.bad_masks = take.problems[:_NUM_EXAMPLES]
    write_take_annotation(job.out / job.uid / TAKE_FILE,
                          TakeAnnotation(job.uid, take.masks, frames, take.annotated_frames))
    return outcome


def _extract_take(job: _Job, take: RelationTake, outcome: _Outcome) -> list[int]:
    """Write the pictures; the length of the ego video says which. A camera that fails is noted, unless it is ego."""
    folder = job.out / job.uid
    cameras = dict.fromkeys(camera for views in take.masks.values() for camera in views)
    egos = [camera for camera in cameras if is_ego(camera)]
    if not egos:
        raise AnnotationError(explain(job.where, "masks of an ego camera ('aria' in its name)",
                                      ', '.join(cameras) or 'no camera', 'Leave the take out.'))
    frames: list[int] = []
    for camera in (egos[-1], *(camera for camera in cameras if camera != egos[-1])):
        path = video_path(job.root, take.take_name, camera, small=job.target_size is not None)
        try:
            with VideoReader(path) as video:
                size = picture_size(*video.size, is_ego(camera), job.target_size, str(path))
                frames = frames or list(range(0, video.num_frames, FRAME_STEP))
                there = [frame for frame in frames if frame < video.num_frames]
                (folder / TAKE_FILE).unlink(missing_ok=True)  # from now on an older one would not fit
                extract_frames(video, folder / camera, there, size)
        except (VideoError, TooSmallError) as reason:
            if camera == egos[-1]:
                raise
            outcome.cameras.append(f'{job.uid} {camera}: {reason}')
        else:
            if len(there) < len(frames):
                outcome.cameras.append(f'{job.uid} {camera}: its video ends early, {len(frames) - len(there)} of '
                                       f'{len(frames)} pictures are missing')
    return frames
