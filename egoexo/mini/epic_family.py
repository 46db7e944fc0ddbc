"""Population C, ego videos at 50 frames a second, and exo videos of population A, in the layout of EPIC-Kitchens."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from egoexo.mini import camera
from egoexo.mini.epic_job import EpicJob, make_video, simulate_video, video_folder
from egoexo.mini.epic_record import EpicRecord
from egoexo.mini.layouts.epic import write_layout
from egoexo.mini.layouts.epic_defects import FILE_DEFECTS, PORTRAIT, ROW_DEFECTS
from egoexo.mini.presets import plan_epic_videos, plan_videos
from egoexo.mini.request import Request
from egoexo.mini.sheet_epic import draw_epic_sheet

if TYPE_CHECKING:
    from egoexo.mini.presets import MiniPreset
    from egoexo.mini.state import TakeState

__all__ = ['arguments', 'defects', 'finish', 'make', 'plan_jobs']

make = make_video
defects = (*FILE_DEFECTS, PORTRAIT, *ROW_DEFECTS)
SHEET = 'contact_sheet_epic.png'
_LONG_ARRAYS = ('wrists', 'joints', 'hands', 'object_position', 'gaze_point', 'head_position', 'head_direction')


def arguments(request: Request) -> dict[str, object]:
    """What the files depend on.

    Args:
        request (Request): All arguments.

    Returns:
        dict[str, object]: Those this layout reads, by name.
    """
    return {'preset': asdict(request.preset), 'seed': request.seed, 'defects': _own_defects(request)}


def plan_jobs(folder: Path, request: Request) -> list[EpicJob]:
    """One job per video.

    Args:
        folder (Path): Root of the layout.
        request (Request): Arguments.

    Returns:
        list[EpicJob]: Ego videos, then exo videos, in world order.
    """
    preset, seed = request.preset, request.seed
    egos = plan_epic_videos(preset, seed)
    exos = [plan for plan in plan_videos(preset, seed) if plan.view == 'exo']
    turned = [plan.uid for plan in egos if plan.split == 'train'][-1] if PORTRAIT in request.defects else None
    return [EpicJob(plan, preset, seed, folder, plan.uid == turned) for plan in egos + exos]


def finish(folder: Path, jobs: Sequence[EpicJob], request: Request) -> dict[str, object]:
    """Annotations and the contact sheet, once all frames are there.

    Args:
        folder (Path): Root of the layout.
        jobs (Sequence[EpicJob]): All jobs.
        request (Request): Arguments.

    Returns:
        dict[str, object]: Facts for ``mini.json``.
    """
    records = [_record(job) for job in jobs]
    facts = write_layout(folder, records, request.seed, _own_defects(request))
    draw_epic_sheet(records, request.seed, folder.parent / SHEET)
    return {'counts': _counts(records), **facts}


def _own_defects(request: Request) -> tuple[str, ...]:
    """Defects of this layout that are asked for."""
    return tuple(name for name in request.defects if name in defects)


def _record(job: EpicJob) -> EpicRecord:
    """What the writers get; the state is simulated again, which is cheaper than storing it."""
    state = simulate_video(job)
    ego = job.plan.view == 'ego'
    boxes = None if ego else _body_boxes(state, job.preset)
    state = replace(state, **{name: getattr(state, name)[:0].copy() for name in _LONG_ARRAYS})
    return EpicRecord(job.plan, state, video_folder(job), (job.preset.ego_size,) * 2 if ego else job.preset.exo_size,
                      boxes)


def _body_boxes(state: 'TakeState', preset: 'MiniPreset') -> np.ndarray:
    """Boxes round the joints inside the picture, (T, 4) x1, y1, x2, y2."""
    view = camera.video_camera(state, preset)
    pixels = np.clip(view.project(state.joints)[0], 0, (view.width - 1, view.height - 1))
    return np.rint(np.concatenate([pixels.min(1), pixels.max(1)], 1)).astype(int)


def _counts(records: list[EpicRecord]) -> dict[str, dict[str, float]]:
    """Videos, frames and seconds per view."""
    counts = {}
    for view in ('ego', 'exo'):
        states = [record.state for record in records if record.plan.view == view]
        counts[view] = {'videos': len(states), 'frames': sum(state.num_frames for state in states),
                        'seconds': round(sum(state.num_frames / state.fps for state in states), 2)}
    return counts
