"""Run all jobs of a mini world and hand the results to the layout writers."""

import hashlib
import importlib
import json
import multiprocessing
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import av
import cv2
import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from egoexo.errors import AnnotationError, ConfigError
from egoexo.mini import motion
from egoexo.mini.defects import FEATURE_DEFECTS, plant_feature_defects
from egoexo.mini.features import write_recipe
from egoexo.mini.job import (
    FEATURE_FOLDERS,
    VideoJob,
    feature_paths,
    make_video,
    one_thread,
    use_one_thread,
    video_gaze,
    video_path,
)
from egoexo.mini.presets import MiniPreset, get_preset, plan_videos
from egoexo.mini.record import VideoRecord
from egoexo.mini.sheet import draw_sheet
from egoexo.version import __version__

__all__ = ['make_mini']

LAYOUTS = {'egoexolearn': 'egoexo.mini.layouts.egoexolearn'}
PARTIAL = 'mini.partial.json'  # lies in the target folder while a run is unfinished
_THREAD_VARIABLES = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')


@dataclass(frozen=True)
class _Request:
    """The arguments of :func:`make_mini` that decide what is written."""

    preset: MiniPreset
    seed: int
    layouts: tuple[str, ...]
    features: tuple[str, ...]
    gaze_features: tuple[str, ...]
    defects: tuple[str, ...]
    float32: bool

    def key(self) -> str:
        """Hash of the request and of the generator's own source: the same key means the same files."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True, default=str).encode())
        folder = Path(__file__).parent
        for path in sorted([*folder.rglob('*.py'), *folder.glob('*.npz')]):
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
        return digest.hexdigest()[:16]


def make_mini(
    out: str | Path,
    preset: str | MiniPreset = 'default',
    seed: int = 0,
    layouts: Sequence[str] | None = None,
    jobs: int | None = None,
    features: Sequence[str] = ('clip', 'i3d'),
    gaze_features: Sequence[str] | None = None,
    defects: Sequence[str] = (),
    float32: bool = False,
    progress: bool = True,
) -> dict:
    """Make EgoExo-Mini: videos, features and annotations in the official layouts, read off one simulated world.

    The files depend on ``preset``, ``seed`` and the switches below only, not on ``jobs``. A folder that was finished
    with the same arguments by the same code is left as it is; an interrupted one is continued.

    Args:
        out (str | Path): Target folder; gets ``<layout>/``, ``mini.json`` and ``contact_sheet.png``.
        preset (str | MiniPreset): ``'tiny'``, ``'default'``, ``'large'``, or own sizes.
        seed (int): Seed of the world.
        layouts (Sequence[str], optional): Layout families; all known ones by default.
        jobs (int, optional): Processes; all cores by default, 1 works in this process.
        features (Sequence[str]): ``'clip'`` and/or ``'i3d'``.
        gaze_features (Sequence[str], optional): Those also made from gaze crops; ``features`` by default.
        defects (Sequence[str]): Known defects of the official release to plant.
        float32 (bool): Store I3D-like features as float32, which the official code expects.
        progress (bool): Show a bar with the remaining time.

    Returns:
        dict: Content of ``mini.json``: key, seed, preset, versions, counts and class lists.

    Raises:
        ConfigError: An unknown preset, layout, feature or defect.
        AnnotationError: ``out`` holds files that this generator did not write.
    """
    out = Path(out)
    request = _check(preset, seed, layouts, features, gaze_features, defects, float32)
    summary_path, key = out / 'mini.json', request.key()
    known = _read_key(summary_path)
    if known == key:
        return json.loads(summary_path.read_text(encoding='utf-8'))
    _claim(out, request, key, known)
    written = {name: _make_layout(out / name, name, request, jobs, progress, out) for name in request.layouts}
    summary = _summary(request, key, written)
    _write_text(summary_path, json.dumps(summary, indent=2, default=str) + '\n')
    (out / PARTIAL).unlink(missing_ok=True)
    return summary


def _check(
    preset: str | MiniPreset,
    seed: int,
    layouts: Sequence[str] | None,
    features: Sequence[str],
    gaze_features: Sequence[str] | None,
    defects: Sequence[str],
    float32: bool,
) -> _Request:
    """Resolve names and refuse unknown ones."""
    if isinstance(preset, str):
        preset = get_preset(preset)
    layouts = tuple(LAYOUTS if layouts is None else layouts)
    gaze_features = tuple(features if gaze_features is None else gaze_features)
    _known('layout', layouts, LAYOUTS)
    _known('feature', features, FEATURE_FOLDERS)
    _known('gaze feature (it must be among the features too)', gaze_features, tuple(features))
    writers = [importlib.import_module(LAYOUTS[name]) for name in layouts]
    _known('defect', defects, [*FEATURE_DEFECTS, *(name for writer in writers for name in writer.DEFECTS)])
    return _Request(preset, seed, layouts, tuple(features), gaze_features, tuple(sorted(set(defects))), float32)


def _known(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    for name in names:
        if name not in known:
            raise ConfigError(f'{kind} {name!r} is unknown; expected one of: {", ".join(known) or "none"}.')


def _read_key(path: Path) -> str | None:
    """Key stored in a summary file, if there is one."""
    if not path.is_file():
        return None
    return json.loads(path.read_text(encoding='utf-8')).get('key')


def _claim(out: Path, request: _Request, key: str, finished: str | None) -> None:
    """Keep the files of an interrupted run with the same key, drop those of another one, refuse strangers."""
    partial = _read_key(out / PARTIAL)
    for name in request.layouts:
        folder = out / name
        if folder.is_dir() and any(folder.iterdir()):
            if finished is None and partial is None:
                raise AnnotationError(
                    f'{folder} is not empty and {out} holds no mini.json, so the files are not ours to replace; '
                    'choose another folder or remove it.'
                )
            if partial != key:
                shutil.rmtree(folder)
    out.mkdir(parents=True, exist_ok=True)
    _write_text(out / PARTIAL, json.dumps({'key': key}) + '\n')
    (out / 'mini.json').unlink(missing_ok=True)


def _make_layout(folder: Path, name: str, request: _Request, jobs: int | None, progress: bool, out: Path) -> dict:
    """All files of one layout family; returns its part of the summary."""
    plans = plan_videos(request.preset, request.seed)
    r = request
    tasks = [VideoJob(p, r.preset, r.seed, folder, r.features, r.gaze_features, r.float32) for p in plans]
    for left in list(folder.rglob('*.part')):  # of a run that was killed
        left.unlink()
    _run(tasks, jobs or len(os.sched_getaffinity(0)), progress)
    _write_recipes(folder, request)
    records = [_record(task) for task in tasks]
    writer = importlib.import_module(LAYOUTS[name])
    own = tuple(defect for defect in request.defects if defect in writer.DEFECTS)
    extra = writer.write_layout(folder, records, request.preset, request.seed, defects=own) or {}
    plant_feature_defects(records, request.defects)
    draw_sheet(records, out / 'contact_sheet.png')
    return {'counts': _counts(records), **extra}


def _run(tasks: list[VideoJob], jobs: int, progress: bool) -> None:
    """Make all videos behind a progress bar."""
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
               TextColumn('left'), TimeRemainingColumn())
    with Progress(*columns, disable=not progress) as bar:
        row = bar.add_task('mini videos', total=len(tasks))
        with one_thread():
            for _ in map(make_video, tasks) if jobs == 1 else _in_pool(tasks, jobs):
                bar.advance(row)


def _in_pool(tasks: list[VideoJob], jobs: int) -> Iterator[int]:
    """Run the jobs in new processes; a forked copy of a process that runs threads may hang."""
    context = multiprocessing.get_context('spawn')
    workers = min(jobs, len(tasks))
    with _one_thread_variables(), ProcessPoolExecutor(workers, context, use_one_thread) as pool:
        futures = [pool.submit(make_video, task) for task in tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _one_thread_variables() -> Iterator[None]:
    """Environment in which new processes start their numeric libraries with one thread."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, '1'))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


def _record(task: VideoJob) -> VideoRecord:
    """What the writers get; the state is simulated again, which is cheaper than storing it."""
    state = motion.simulate(task.plan, task.preset, task.seed)
    gaze = video_gaze(state, task.plan, task.preset, task.seed)
    # Writers read steps, actions and events; hundreds of videos with all their paths would fill the memory.
    state = replace(state, **{name: getattr(state, name)[:0].copy() for name in ('hands', 'joints', 'object_position')})
    size = (task.preset.ego_size,) * 2 if task.plan.view == 'ego' else task.preset.exo_size
    return VideoRecord(task.plan, state, gaze, video_path(task), feature_paths(task), size)


def _write_recipes(folder: Path, request: _Request) -> None:
    """``recipe.json`` beside the files of each feature folder."""
    for suffix, crop, names in (('', 'full', request.features), ('_gaze', 'gaze_50', request.gaze_features)):
        for name in names:
            dtype = 'float16' if name == 'i3d' and not request.float32 else 'float32'
            write_recipe(folder / 'features' / (FEATURE_FOLDERS[name] + suffix), name, crop, dtype)


def _counts(records: list[VideoRecord]) -> dict[str, dict[str, float]]:
    """Videos, frames and seconds per view."""
    counts = {}
    for view in ('ego', 'exo'):
        states = [record.state for record in records if record.plan.view == view]
        frames = sum(state.num_frames for state in states)
        counts[view] = {
            'videos': len(states),
            'frames': frames,
            'seconds': round(sum(state.num_frames / state.fps for state in states), 2),
            'background': round(sum(int((s.step_labels() == 0).sum()) for s in states) / max(frames, 1), 4),
        }
    return counts


def _summary(request: _Request, key: str, written: dict[str, dict]) -> dict:
    """Content of ``mini.json``; nothing in it depends on when or where the world was made."""
    versions = {
        'egoexo': __version__,
        'numpy': np.__version__,
        'opencv': cv2.__version__,
        'av': av.__version__,
        'torch': torch.__version__.split('+')[0],
    }
    return {'key': key, **asdict(request), 'versions': versions, **written}


def _write_text(path: Path, text: str) -> None:
    """Write a small file atomically."""
    part = path.with_name(path.name + '.part')
    part.write_text(text, encoding='utf-8')
    os.replace(part, path)
