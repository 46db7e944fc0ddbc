"""Run all jobs of a mini world, one layout family after the other."""

import importlib
import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import av
import cv2
import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from egoexo.errors import AnnotationError, ConfigError
from egoexo.mini.job import FEATURE_FOLDERS, one_thread, use_one_thread
from egoexo.mini.presets import MiniPreset, get_preset
from egoexo.mini.request import Request, layout_key
from egoexo.version import __version__

__all__ = ['make_mini']

# Layout -> module with its jobs: arguments(), plan_jobs(), make(), finish() and the tuple defects.
LAYOUTS = {'egoexolearn': 'egoexo.mini.video_family', 'egoexo4d': 'egoexo.mini.take_family',
           'epic': 'egoexo.mini.epic_family'}
SUMMARY = 'mini.json'
PARTIAL = 'mini.partial.json'  # lies in the target folder while a run is unfinished
_THREAD_VARIABLES = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')


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

    The files depend on ``preset``, ``seed`` and the switches below only, not on ``jobs``. Every layout stands for
    itself: one that was finished with the same arguments by the same code is left as it is, whatever happens to the
    others; an interrupted one is continued.

    Args:
        out (str | Path): Target folder; gets ``<layout>/``, ``mini.json`` and contact sheets.
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
        dict: Content of ``mini.json``: the arguments and versions of the last run, the layouts that are there, and for
        each of them its key, arguments, counts and class lists.

    Raises:
        ConfigError: An unknown preset, layout, feature or defect.
        AnnotationError: ``out`` holds files that this generator did not write.
    """
    out = Path(out)
    layouts = tuple(LAYOUTS if layouts is None else layouts)
    request = _check(preset, seed, layouts, features, gaze_features, defects, float32)
    families = {name: importlib.import_module(LAYOUTS[name]) for name in layouts}
    keys = {name: layout_key(name, family.arguments(request), set(LAYOUTS) - {name})
            for name, family in families.items()}
    summary = _read_json(out / SUMMARY)
    missing = [name for name in layouts if summary.get(name, {}).get('key') != keys[name]]
    if not missing:
        return summary
    summary = _claim(out, {name: keys[name] for name in missing}, summary)
    for name in missing:
        facts = _make_layout(out / name, families[name], request, jobs, progress)
        section = {'key': keys[name], 'arguments': families[name].arguments(request), **facts}
        summary = _summary(request, {**summary, name: section})
        _write_json(out / SUMMARY, summary)
        _release(out / PARTIAL, name)
    return summary


def _check(
    preset: str | MiniPreset,
    seed: int,
    layouts: Sequence[str],
    features: Sequence[str],
    gaze_features: Sequence[str] | None,
    defects: Sequence[str],
    float32: bool,
) -> Request:
    """Resolve names and refuse unknown ones."""
    if isinstance(preset, str):
        preset = get_preset(preset)
    gaze_features = tuple(features if gaze_features is None else gaze_features)
    _known('layout', layouts, LAYOUTS)
    _known('feature', features, FEATURE_FOLDERS)
    _known('gaze feature (it must be among the features too)', gaze_features, tuple(features))
    _known('defect', defects, [name for layout in layouts for name in importlib.import_module(LAYOUTS[layout]).defects])
    return Request(preset, seed, tuple(features), gaze_features, tuple(sorted(set(defects))), float32)


def _known(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    for name in names:
        if name not in known:
            raise ConfigError(f'{kind} {name!r} is unknown; expected one of: {", ".join(known) or "none"}.')


def _read_json(path: Path) -> dict:
    """Content of a summary file; empty if there is none."""
    return json.loads(path.read_text(encoding='utf-8')) if path.is_file() else {}


def _claim(out: Path, keys: dict[str, str], summary: dict) -> dict:
    """Keep what an interrupted run with the same key made, drop what another made, refuse the files of strangers.

    Returns the summary without the layouts that are to be made.
    """
    partial = _read_json(out / PARTIAL)
    for name, key in keys.items():
        folder = out / name
        if folder.is_dir() and any(folder.iterdir()):
            if name not in summary and name not in partial:
                raise AnnotationError(
                    f'{folder} is not empty and {out} holds no {SUMMARY} that names it, so the files are not ours to '
                    'replace; choose another folder or remove it.'
                )
            if partial.get(name) != key:
                shutil.rmtree(folder)
    out.mkdir(parents=True, exist_ok=True)
    _write_json(out / PARTIAL, {**partial, **keys})
    kept = {name: value for name, value in summary.items() if name not in keys}
    if any(name in kept for name in LAYOUTS):
        _write_json(out / SUMMARY, {**kept, 'layouts': [name for name in LAYOUTS if name in kept]})
    else:
        (out / SUMMARY).unlink(missing_ok=True)
    return kept


def _release(path: Path, name: str) -> None:
    """Take a finished layout out of the list of unfinished ones."""
    left = {other: key for other, key in _read_json(path).items() if other != name}
    if left:
        _write_json(path, left)
    else:
        path.unlink()


def _make_layout(folder: Path, family: ModuleType, request: Request, jobs: int | None, progress: bool) -> dict:
    """All files of one layout family; returns its part of the summary."""
    tasks = family.plan_jobs(folder, request)
    for left in list(folder.rglob('*.part')):  # of a run that was killed
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    _run(family.make, tasks, folder.name, jobs or len(os.sched_getaffinity(0)), progress)
    return family.finish(folder, tasks, request)


def _run(make: Callable, tasks: list, name: str, jobs: int, progress: bool) -> None:
    """Do all jobs behind a progress bar."""
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
               TextColumn('left'), TimeRemainingColumn())
    with Progress(*columns, disable=not progress) as bar:
        row = bar.add_task(f'mini {name}', total=len(tasks))
        with one_thread():
            for _ in map(make, tasks) if jobs == 1 else _in_pool(make, tasks, jobs):
                bar.advance(row)


def _in_pool(make: Callable, tasks: list, jobs: int) -> Iterator[int]:
    """Run the jobs in new processes; a forked copy of a process that runs threads may hang."""
    context = multiprocessing.get_context('spawn')
    workers = min(jobs, len(tasks))
    with _one_thread_variables(), ProcessPoolExecutor(workers, context, use_one_thread) as pool:
        futures = [pool.submit(make, task) for task in tasks]
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


def _summary(request: Request, sections: dict) -> dict:
    """Content of ``mini.json``; nothing in it depends on when or where the world was made."""
    versions = {
        'egoexo': __version__,
        'numpy': np.__version__,
        'opencv': cv2.__version__,
        'av': av.__version__,
        'torch': torch.__version__.split('+')[0],
    }
    own = {name: sections[name] for name in LAYOUTS if name in sections}
    content = {**asdict(request), 'layouts': list(own), 'versions': versions, **own}
    # Through text, so that the caller sees what a later call reads.
    return json.loads(json.dumps(content, default=str))


def _write_json(path: Path, value: dict) -> None:
    """Write a small file atomically."""
    part = path.with_name(path.name + '.part')
    part.write_text(json.dumps(value, indent=2, default=str) + '\n', encoding='utf-8')
    os.replace(part, path)
