"""Population B, the synchronised takes, in the layout of Ego-Exo4D."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from egoexo.mini import motion
from egoexo.mini.camera import take_cameras
from egoexo.mini.features import recipe, write_recipe
from egoexo.mini.layouts import egoexo4d_names as names
from egoexo.mini.layouts.egoexo4d import write_layout
from egoexo.mini.layouts.files import write_lines
from egoexo.mini.narrators import narrate_take
from egoexo.mini.object_masks import see_objects
from egoexo.mini.presets import plan_takes
from egoexo.mini.request import Request
from egoexo.mini.sheet_takes import draw_take_sheet
from egoexo.mini.take_job import TakeJob, make_take, take_duration
from egoexo.mini.take_record import TakeRecord

__all__ = ['arguments', 'defects', 'finish', 'make', 'plan_jobs']

make = make_take
defects: tuple[str, ...] = ()
SHEET = 'contact_sheet_takes.png'
_LONG_ARRAYS = ('wrists', 'joints', 'hands', 'object_position', 'gaze_point', 'head_position', 'head_direction')


def arguments(request: Request) -> dict[str, object]:
    """What the files depend on.

    Args:
        request (Request): All arguments.

    Returns:
        dict[str, object]: Those this layout reads, by name.
    """
    return {'preset': asdict(request.preset), 'seed': request.seed}


def plan_jobs(folder: Path, request: Request) -> list[TakeJob]:
    """One job per take.

    Args:
        folder (Path): Root of the layout.
        request (Request): Arguments.

    Returns:
        list[TakeJob]: In world order.
    """
    return [TakeJob(plan, request.preset, request.seed, folder) for plan in plan_takes(request.preset, request.seed)]


def finish(folder: Path, jobs: Sequence[TakeJob], request: Request) -> dict[str, object]:
    """Annotations and the contact sheet, once all takes are there.

    Args:
        folder (Path): Root of the layout.
        jobs (Sequence[TakeJob]): All jobs.
        request (Request): Arguments.

    Returns:
        dict[str, object]: Facts for ``mini.json``.
    """
    features = folder / names.FEATURES
    write_recipe(features, 'omnivore', 'full', 'float32')
    write_lines(features / 'config.yaml', [f'{key}: {value}' for key, value in recipe('omnivore').items()], final=True)
    records = [_record(job) for job in jobs]
    facts = write_layout(folder, records, request.preset, request.seed)
    draw_take_sheet(records, folder.parent / SHEET)
    return {'counts': _counts(records), **facts}


def _record(job: TakeJob) -> TakeRecord:
    """What the writers get; the state is simulated again, which is cheaper than storing it."""
    state = motion.simulate(job.plan, job.preset, job.seed)
    cameras = take_cameras(state, job.preset)
    descriptions, masks = narrate_take(state, cameras, job.preset.text_noise), see_objects(state, cameras)
    paths = {cam_id: names.video_path(job.folder, job.plan, cam_id) for cam_id in cameras}
    state = replace(state, **{name: getattr(state, name)[:0].copy() for name in _LONG_ARRAYS})
    return TakeRecord(job.plan, state, take_duration(state), descriptions, paths, job.preset.take_ego_size,
                      job.preset.take_exo_size, masks)


def _counts(records: list[TakeRecord]) -> dict[str, dict[str, float]]:
    """Videos, frames and seconds per view."""
    frames = sum(record.state.num_frames for record in records)
    seconds = sum(record.state.num_frames / record.state.fps for record in records)
    cameras = {'ego': 1, 'exo': len(records[0].video_paths) - 1}
    return {view: {'videos': count * len(records), 'frames': count * frames, 'seconds': round(count * seconds, 2)}
            for view, count in cameras.items()}
