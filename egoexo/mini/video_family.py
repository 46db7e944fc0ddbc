"""Population A, the asynchronous videos, in the layout of EgoExoLearn."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from egoexo.mini import motion
from egoexo.mini.defects import FEATURE_DEFECTS, plant_feature_defects
from egoexo.mini.features import write_recipe
from egoexo.mini.job import FEATURE_FOLDERS, VideoJob, feature_paths, make_video, video_gaze, video_path
from egoexo.mini.layouts.egoexolearn import DEFECTS, write_layout
from egoexo.mini.presets import plan_videos
from egoexo.mini.record import VideoRecord
from egoexo.mini.request import Request
from egoexo.mini.sheet import draw_sheet

__all__ = ['arguments', 'defects', 'finish', 'make', 'plan_jobs']

make = make_video
defects = (*FEATURE_DEFECTS, *DEFECTS)
SHEET = 'contact_sheet.png'


def arguments(request: Request) -> dict[str, object]:
    """What the files depend on.

    Args:
        request (Request): All arguments.

    Returns:
        dict[str, object]: Those this layout reads, by name.
    """
    return asdict(request)


def plan_jobs(folder: Path, request: Request) -> list[VideoJob]:
    """One job per video.

    Args:
        folder (Path): Root of the layout.
        request (Request): Arguments.

    Returns:
        list[VideoJob]: In world order.
    """
    r = request
    return [VideoJob(plan, r.preset, r.seed, folder, r.features, r.gaze_features, r.float32)
            for plan in plan_videos(r.preset, r.seed)]


def finish(folder: Path, jobs: Sequence[VideoJob], request: Request) -> dict[str, object]:
    """Annotations, defects and the contact sheet, once all videos are there.

    Args:
        folder (Path): Root of the layout.
        jobs (Sequence[VideoJob]): All jobs.
        request (Request): Arguments.

    Returns:
        dict[str, object]: Facts for ``mini.json``.
    """
    _write_recipes(folder, request)
    records = [_record(job) for job in jobs]
    own = tuple(defect for defect in request.defects if defect in DEFECTS)
    facts = write_layout(folder, records, request.preset, request.seed, defects=own)
    plant_feature_defects(records, request.defects)
    draw_sheet(records, folder.parent / SHEET)
    return {'counts': _counts(records), **facts}


def _record(job: VideoJob) -> VideoRecord:
    """What the writers get; the state is simulated again, which is cheaper than storing it."""
    state = motion.simulate(job.plan, job.preset, job.seed)
    gaze = video_gaze(state, job.plan, job.preset, job.seed)
    # Writers read steps, actions and events; hundreds of videos with all their paths would fill the memory.
    state = replace(state, **{name: getattr(state, name)[:0].copy() for name in ('hands', 'joints', 'object_position')})
    size = (job.preset.ego_size,) * 2 if job.plan.view == 'ego' else job.preset.exo_size
    return VideoRecord(job.plan, state, gaze, video_path(job), feature_paths(job), size)


def _write_recipes(folder: Path, request: Request) -> None:
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
