"""A tiny Ego-Exo4D release from which an Ego2Exo data set can be built, and one such data set."""

import copy
import json
from pathlib import Path

from egoexo.formats.ego2exo_builder import Annotations
from egoexo.formats.ego2exo_recipe import Recipe
from egoexo.formats.egoexo4d import parse_atomic_descriptions, parse_keysteps, parse_takes

__all__ = ['RECIPE', 'annotations_of', 'description', 'ego2exo_json', 'release', 'take', 'write_release']

RECIPE = Recipe(('Tea', 'Soup'), ('Cook', 'Clean up'), ('t0', 't1'))
_NODES = {
    '0': dict(id=0, is_leafnode=False, name='Root', parent_id=None, parent_name=None),
    '1': dict(id=1, is_leafnode=False, name='Cook', parent_id=0, parent_name='Root'),
    '2': dict(id=2, is_leafnode=True, name='Boil', parent_id=1, parent_name='Cook', unique_id=7),
    '3': dict(id=3, is_leafnode=True, name='Clean up', parent_id=0, parent_name='Root', unique_id=8),
    '4': dict(id=4, is_leafnode=True, name='Rest', parent_id=0, parent_name='Root', unique_id=9)}


def take(uid: str, cameras: tuple[str, ...] = ('aria01', 'cam01', 'cam02'), duration: float | None = 60.0) -> dict:
    """Row of ``takes.json``; its montages have null fields, as in the release."""
    streams = {cam: {'rgb': dict(cam_id=cam, stream_id='214-1')} if 'aria' in cam else
               {'0': dict(cam_id=cam, stream_id='0')} for cam in cameras}
    streams['collage'] = {'0': dict(cam_id=None, stream_id=None)}
    return dict(take_uid=uid, root_dir=f'takes/{uid}', duration_sec=duration, frame_aligned_videos=streams)


def description(timestamp: float, text: str, cam: str | None = 'cam01') -> dict:
    """Sentence of an annotator."""
    return dict(timestamp=timestamp, text=text, best_exo=dict(cam_id=cam, raw_cam_id='1') if cam else None)


def _keysteps(uid: str, scenario: str, steps: list[int]) -> dict:
    """One segment of 4 s every 5 s."""
    segments = [dict(start_time=5.0 * number, end_time=5.0 * number + 4, step_id=step)
                for number, step in enumerate(steps)]
    return dict(take_uid=uid, take_name=uid, scenario=scenario, segments=segments)


def release() -> dict[str, object]:
    """File (below the root, without its ending) -> content: two takes for training, one for validation.

    Segments of t0: Cook, Clean up, Cook, no step, Rest (no class); of t1: four times Cook.
    """
    taxonomy = dict(Tea=_NODES, Soup=_NODES)
    rows = {uid: [dict(annotator_id='a', descriptions=[description(5.0 * number + 1, f'C stirs {number}.')
                                                        for number in range(5)])] for uid in ('t0', 't1')}
    return copy.deepcopy({
        'takes': [take(uid) for uid in ('t0', 't1', 'v0')],
        'annotations/keystep_train': dict(
            annotations=dict(t0=_keysteps('t0', 'Tea', [2, 3, 2, 10_000, 4]), t1=_keysteps('t1', 'Soup', [2] * 4)),
            taxonomy=taxonomy),
        'annotations/keystep_val': dict(annotations=dict(v0=_keysteps('v0', 'Tea', [3, 10_001]),
                                                         v1=_keysteps('v1', 'Bike', [3])), taxonomy=taxonomy),
        'annotations/atomic_descriptions_train': dict(annotations=rows)})


def annotations_of(content: dict[str, object]) -> Annotations:
    """What the builder takes."""
    return Annotations(parse_takes(content['takes']), parse_keysteps(content['annotations/keystep_train']),
                       parse_keysteps(content['annotations/keystep_val']),
                       parse_atomic_descriptions(content['annotations/atomic_descriptions_train']))


def write_release(root: Path, content: dict[str, object] | None = None) -> Path:
    """Write the files, and ``recipe.json`` and ``take_ids.txt`` beside them."""
    for name, value in (content or release()).items():
        path = root / f'{name}.json'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    recipe = dict(scenarios=RECIPE.scenarios, classes=RECIPE.classes, take_ids=RECIPE.take_ids)
    (root / 'recipe.json').write_text(json.dumps(recipe))
    (root / 'take_ids.txt').write_text('t0\nt1')
    return root


def ego2exo_json() -> dict:
    """Content of an ``ego2exo.json`` with two classes and one segment in each list."""
    def lists(key: int, label: int, text: str) -> dict:
        return dict(
            clips=[dict(id=key, video_file_name='takes/t0/v.mp4', feature_file_name='features/omnivore_video/t0_c.pt',
                        feature_indices=[0, 1], frame_indices=[[0, 31], [16, 47]])],
            annotations=[dict(segment_id=key, category=label, class_name=RECIPE.classes[label])],
            metadata=[dict(segment_id=key, start_time=0.0, end_time=1.5, take_uid='t0', segment_index=0,
                           best_exo=dict(cam_id='cam01', raw_cam_id='1'))],
            descriptions=[dict(segment_id=key, text_caption=text, annotator_texts={'a': text} if text else {})])

    return dict(categories=[dict(category_name=name, category_id=key) for key, name in enumerate(RECIPE.classes)],
                exo_train=lists(7, 0, 'stirs.'), exo_val=lists(9, 1, ''), ego_train=lists(2**32 - 1, 1, 'wipes.'),
                ego_val=lists(9, 1, ''))
