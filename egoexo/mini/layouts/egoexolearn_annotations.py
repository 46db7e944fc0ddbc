"""Files of EgoExoLearn that belong to no single benchmark: taxonomies, fine and coarse annotations, gaze, videos."""

import gzip
import io
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path

from egoexo.mini.annotate import SUBSETS, Clip, Step, Tables
from egoexo.mini.layouts.egoexolearn_paths import ANNOTATIONS, GAZE
from egoexo.mini.layouts.files import write_array, write_bytes, write_csv, write_json
from egoexo.mini.presets import MiniPreset
from egoexo.mini.vocabulary import OBJECTS, VERBS

__all__ = ['write_coarse_annotations', 'write_fine_annotations', 'write_gaze', 'write_taxonomies', 'write_video_meta']

NUM_VERBS, NUM_NOUNS = 125, 627
# Labels of the released verb table that are not the plain verb.
VERB_LABELS = {
    'adjust': 'adjust_(regulate,_increase/reduce,_change)',
    'cut': 'cut_(trim,_slice,_chop)',
    'hold': 'hold_(support,_grip,_grasp)',
    'move': 'move_(transfer,_pass,_exchange)',
    'operate': 'operate_(use,_dial,_click-button)',
    'put': 'put_(place,_leave,_drop)',
    'take': 'take_(pick,_grab,_get)',
    'throw': 'throw_(toss,_dump,_dispose)',
    'turn': 'turn_(spin,_rotate,_flip,_turn_over)',
}
TEST_COLUMNS = ('video_uid', 'annotation_id', 'subset', 'view', 'scene', 'start_sec', 'end_sec')
TEXT_COLUMNS = (*TEST_COLUMNS, 'narration_en', 'narration_en_hand_prompt', 'narration_en_no_hand_prompt')


def write_video_meta(root: Path, tables: Tables, preset: MiniPreset) -> None:
    """Write ``video_meta_downsampled.json``: one object per video, numbers as floats.

    Args:
        root (Path): Root of the layout.
        tables (Tables): Annotations.
        preset (MiniPreset): Picture sizes, for records without their own.
    """
    sizes = {'ego': (preset.ego_size, preset.ego_size), 'exo': preset.exo_size}
    entries = []
    for record in tables.records:
        plan, state = record.plan, record.state
        width, height = record.size or sizes[plan.view]
        entries.append({'video_uid': plan.uid, 'num_frames': float(state.num_frames), 'fps': float(state.fps),
                        'width': float(width), 'height': float(height), 'view': plan.view, 'scene': 'kitchen',
                        'task': plan.task})
    write_json(root / 'video_meta_downsampled.json', entries)


def write_gaze(root: Path, tables: Tables) -> int:
    """Write one gaze array per ego video that has gaze.

    Args:
        root (Path): Root of the layout.
        tables (Tables): Annotations.

    Returns:
        int: Number of files.
    """
    with_gaze = [record for record in tables.records if record.plan.has_gaze and record.gaze is not None]
    for record in with_gaze:
        write_array(root / GAZE / f'{record.plan.uid}.npy', record.gaze)
    return len(with_gaze)


def write_taxonomies(root: Path) -> None:
    """Write verb and noun tables with the words of the mini world at their official rows, CRLF as released.

    Rows of words that the mini world does not use hold ``unused_<row>``: ids stay official, foreign content stays out.

    Args:
        root (Path): Root of the layout.
    """
    verbs = {spec.verb_id: (VERB_LABELS.get(name, name), [name, *spec.words]) for name, spec in VERBS.items()}
    nouns = {spec.noun_id: (spec.noun_label, list(spec.words)) for spec in OBJECTS.values()}
    for name, size, used in (('verb', NUM_VERBS, verbs), ('noun', NUM_NOUNS, nouns)):
        rows = [used.get(row, (f'unused_{row}', [f'unused_{row}'])) for row in range(size)]
        write_csv(root / ANNOTATIONS / f'narration_{name}_taxonomy.csv', ('label', 'group'), rows, '\r\n', final=False)


def write_fine_annotations(root: Path, tables: Tables) -> dict[str, int]:
    """Write the three tables of narrated segments; captioning reads them through their ``subset`` column.

    Args:
        root (Path): Root of the layout.
        tables (Tables): Annotations.

    Returns:
        dict[str, int]: Facts: rows per subset.
    """
    clips = {subset: [clip for clip in tables.clips if clip.subset == subset] for subset in SUBSETS}
    trainval = clips['train'] + clips['val']
    for name, part in (('trainval', trainval), ('trainvaltest', trainval + clips['test'])):
        write_csv(root / ANNOTATIONS / f'fine_annotation_{name}_en.csv', TEXT_COLUMNS, map(_text_row, part))
    write_csv(root / ANNOTATIONS / 'fine_annotation_test.csv', TEST_COLUMNS, map(_test_row, clips['test']))
    return {subset: len(part) for subset, part in clips.items()}


def write_coarse_annotations(root: Path, tables: Tables) -> int:
    """Write ``coarse_annotations.tar.gz`` with ``l1/<uid>.json`` for the ego videos; exo ones were never released.

    Args:
        root (Path): Root of the layout.
        tables (Tables): Annotations.

    Returns:
        int: Number of videos in the archive.
    """
    members = {f'l1/{record.plan.uid}.json': _coarse_json(tables.steps[record.plan.uid], record.state.duration_sec)
               for record in tables.records if record.plan.view == 'ego'}
    write_bytes(root / ANNOTATIONS / 'coarse_annotations.tar.gz', _pack(sorted(members.items())))
    return len(members)


def _test_row(clip: Clip) -> tuple:
    return (clip.uid, clip.annotation_id, clip.subset, clip.view, 'kitchen', clip.start_sec, clip.end_sec)


def _text_row(clip: Clip) -> tuple:
    return (*_test_row(clip), clip.narration.en, clip.narration.hand, clip.narration.no_hand)


def _coarse_json(steps: Iterable[Step], duration: float) -> bytes:
    """Segments of one video."""
    entries = [{'start': step.start_sec, 'end': step.end_sec, 'attribute': str(step.class_id), 'duration': duration,
                'id': step.annotation_id, 'type': 0, 'textAttribute_en': step.text} for step in steps]
    return json.dumps(entries, ensure_ascii=False).encode()


def _pack(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Archive without times, owners or file names, so that equal content gives equal bytes."""
    buffer = io.BytesIO()
    with (gzip.GzipFile(fileobj=buffer, mode='wb', mtime=0, filename='') as packed,
          tarfile.open(fileobj=packed, mode='w', format=tarfile.USTAR_FORMAT) as archive):
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
