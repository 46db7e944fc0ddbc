"""Tables of Ego-Exo4D about takes, captures, people and places, and the list of splits."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from egoexo.mini.camera import EGO_CAMERA
from egoexo.mini.layouts import egoexo4d_names as names
from egoexo.mini.layouts.egoexo4d_sensors import timesync_span
from egoexo.mini.layouts.files import write_json
from egoexo.mini.seeding import make_uid, rng

if TYPE_CHECKING:
    from egoexo.mini.take_record import TakeRecord

__all__ = ['write_meta', 'write_splits']

UNIVERSITY = 'mini'
PARENT_TASK, PARENT_TASK_ID = 'Cooking', 1000
_FIRST_PARTICIPANT, _FIRST_SETTING = 500, 60
_RECORDED = 1_672_531_200  # 1 January 2023
SPLITS = {'train': 'train', 'test': 'val'}  # of the plan -> of the release; nobody knows the labels of its test takes


def write_meta(root: Path, records: Sequence['TakeRecord'], seed: int) -> None:
    """Write ``takes.json``, ``captures.json``, ``participants.json`` and ``physical_setting.json``.

    Args:
        root (Path): Root of the layout.
        records (Sequence[TakeRecord]): Takes in world order.
        seed (int): Seed of the world.
    """
    captures = [_capture(record, seed) for record in records]
    write_json(root / 'captures.json', captures)
    write_json(root / 'takes.json', [_take(record, capture, seed)
                                     for record, capture in zip(records, captures, strict=True)])
    write_json(root / 'participants.json', [_participant(record, seed) for record in records])
    settings = [{'physical_setting_uid': _FIRST_SETTING + record.plan.index, 'university_name': UNIVERSITY,
                 'setting_name': f'kitchen {record.plan.index + 1}'} for record in records]
    write_json(root / 'physical_setting.json', settings)


def write_splits(root: Path, records: Sequence['TakeRecord']) -> dict[str, int]:
    """Write ``annotations/splits.json``.

    Args:
        root (Path): Root of the layout.
        records (Sequence[TakeRecord]): Takes in world order.

    Returns:
        dict[str, int]: Takes per split; there is no test take.
    """
    split_of = {record.plan.uid: SPLITS[record.plan.split] for record in records}
    by_split = {split: [uid for uid, own in split_of.items() if own == split] for split in ('train', 'val', 'test')}
    write_json(root / 'annotations' / 'splits.json', {
        'split_to_take_uids': by_split,
        'take_uid_to_split': split_of,
        'take_uid_to_benchmark': {uid: ['keystep'] for uid in split_of},
    })
    return {split: len(uids) for split, uids in by_split.items()}


def _capture(record: 'TakeRecord', seed: int) -> dict[str, object]:
    """Entry of ``captures.json``."""
    plan = record.plan
    return {
        'root_dir': f'captures/{names.capture_name(plan)}',
        'capture_name': names.capture_name(plan),
        'university_name': UNIVERSITY,
        'physical_setting_uid': _FIRST_SETTING + plan.index,
        'ds_recorded': _RECORDED + 3600 * plan.index,
        'has_trajectory': True,
        'has_gaze': True,
        'has_postsurvey': False,
        'timesync_validated': True,
        'validated': True,
        'timesync_uid': make_uid(seed, 'B-timesync', plan.index),
        'capture_uid': make_uid(seed, 'B-capture', plan.index),
        'cameras': [_camera(cam_id, plan.index, seed) for cam_id in record.video_paths],
    }


def _camera(cam_id: str, index: int, seed: int) -> dict[str, object]:
    """One camera of a capture; the mini world keeps no raw recordings, hence the null path."""
    is_ego = cam_id == EGO_CAMERA
    return {'cam_id': cam_id, 'is_ego': is_ego, 'has_walkaround': False, 'includes_audio': False,
            'device_type': 'aria' if is_ego else 'hero10', 'relative_path': None,
            'video_artifact_uid': make_uid(seed, f'B-artifact-{cam_id}', index)}


def _take(record: 'TakeRecord', capture: dict[str, object], seed: int) -> dict[str, object]:
    """Entry of ``takes.json``."""
    plan, state = record.plan, record.state
    start, end = timesync_span(plan, seed, state.num_frames)
    return {
        'root_dir': f'takes/{names.take_name(plan)}',
        'take_name': names.take_name(plan),
        'take_uid': plan.uid,
        'capture_uid': capture['capture_uid'],
        'take_timing_uid': make_uid(seed, 'B-timing', plan.index),
        'timesync_uid': capture['timesync_uid'],
        'participant_uid': _FIRST_PARTICIPANT + plan.index,
        'is_dropped': False,
        'is_narrated': True,
        'validated': True,
        'objects': [],
        'best_exo': _best_exo(record),
        'task_start_sec': state.steps[0].start_sec,
        'task_end_sec': state.steps[-1].end_sec,
        'task_name': names.SCENARIOS[plan.task],
        'task_id': PARENT_TASK_ID + int(plan.task.removeprefix('task')),
        'parent_task_name': PARENT_TASK,
        'parent_task_id': PARENT_TASK_ID,
        'take_idx': names.take_index(plan),
        'duration_sec': record.duration_sec,
        'physical_setting_uid': capture['physical_setting_uid'],
        'university_name': UNIVERSITY,
        'timesync_start_idx': start,
        'timesync_end_idx': end,
        'capture': capture,
        'frame_aligned_videos': _videos(record, seed),
        'has_trimmed_trajectory': True,
        'has_trimmed_gaze': True,
        'vrs_relative_path': None,
        'vrs_all_streams_relative_path': None,
    }


def _best_exo(record: 'TakeRecord') -> str | None:
    """Camera named most often by the annotators."""
    votes = Counter(d.best_exo for own in record.descriptions for d in own if d.best_exo is not None)
    return min(votes, key=lambda cam_id: (-votes[cam_id], cam_id)) if votes else None


def _videos(record: 'TakeRecord', seed: int) -> dict[str, dict[str, dict[str, object]]]:
    """Camera -> stream -> video, with the two pseudo cameras that have no file."""
    videos = {}
    for cam_id in [*record.video_paths, 'collage', 'best_exo']:
        is_real = cam_id in record.video_paths
        stream, stream_id = names.stream_of(cam_id) if is_real else ('0', '0')
        videos[cam_id] = {stream: {
            'cam_id': cam_id,
            'stream_id': stream_id,
            'readable_stream_id': stream,
            'clip_uid': make_uid(seed, f'B-clip-{cam_id}', record.plan.index),
            'relative_path': f'frame_aligned_videos/{names.video_name(cam_id)}' if is_real else None,
        }}
    return videos


def _participant(record: 'TakeRecord', seed: int) -> dict[str, object]:
    """Entry of ``participants.json``: every take has a cook of its own."""
    plan = record.plan
    draw = rng(seed, plan.uid, 'participant')
    metadata = {'years_of_experience': int(draw.integers(0, 5) + 6 * plan.level), 'cooks_often': bool(plan.level >= 2)}
    return {
        'participant_uid': _FIRST_PARTICIPANT + plan.index,
        'university_name': UNIVERSITY,
        'collection_date': f'2023-{plan.index // 28 % 12 + 1:02d}-{plan.index % 28 + 1:02d}',
        'metadata': json.dumps(metadata),
    }
