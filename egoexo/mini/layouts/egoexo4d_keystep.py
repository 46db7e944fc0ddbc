"""Keysteps of Ego-Exo4D: fine actions as leaves, coarse classes as their parents, one tree per recipe."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from egoexo.mini.layouts.egoexo4d_names import SCENARIOS, take_name
from egoexo.mini.layouts.files import write_json
from egoexo.mini.procedure import ADD_SAUCE, CLEAN, get_recipe
from egoexo.mini.seeding import make_uid, rng
from egoexo.mini.text import PLACES, instruct
from egoexo.mini.vocabulary import COARSE_CLASSES, TEMPLATES

if TYPE_CHECKING:
    from egoexo.mini.presets import MiniPreset
    from egoexo.mini.take_record import TakeRecord

__all__ = ['step_ids', 'unique_ids', 'write_keysteps']

ROOT = 0
_FIRST_UNIQUE_ID, _GAP_EVERY = 3, 5


@cache
def unique_ids() -> dict[tuple[str, tuple[str, ...]], int]:
    """``step_unique_id`` of every kind of action (verb, nouns); global, with gaps as in the release.

    Returns:
        dict[tuple[str, tuple[str, ...]], int]: Independent of preset and seed.
    """
    kinds = dict.fromkeys((action.verb, action.nouns) for _, actions in sorted(TEMPLATES.items())
                          for action in actions)
    return {kind: _FIRST_UNIQUE_ID + rank + rank // _GAP_EVERY for rank, kind in enumerate(kinds)}


def step_ids(task: str, preset: 'MiniPreset') -> dict[tuple[int, str, tuple[str, ...]], int]:
    """``step_id`` of every leaf of one scenario.

    Args:
        task (str): Recipe.
        preset (MiniPreset): Chooses the recipes.

    Returns:
        dict[tuple[int, str, tuple[str, ...]], int]: (coarse class, verb, nouns) to an id that means nothing outside
        the scenario; 0 is the root, then come the coarse classes.
    """
    classes = _classes(task, preset)
    leaves = [(class_id, action.verb, action.nouns) for class_id in classes for action in TEMPLATES[class_id]]
    return {leaf: len(classes) + 1 + rank for rank, leaf in enumerate(leaves)}


def write_keysteps(root: Path, records: Sequence['TakeRecord'], preset: 'MiniPreset', seed: int) -> dict[str, int]:
    """Write ``annotations/keystep_{train,val}.json``.

    Args:
        root (Path): Root of the layout.
        records (Sequence[TakeRecord]): Takes in world order.
        preset (MiniPreset): Chooses the recipes.
        seed (int): Seed of the world.

    Returns:
        dict[str, int]: Segments per split.
    """
    taxonomy = {scenario: _taxonomy(task, preset) for task, scenario in SCENARIOS.items()}
    nodes = [node for tree in taxonomy.values() for node in tree.values() if node['is_leafnode']]
    vocabulary = {str(node['unique_id']): node['name'] for node in sorted(nodes, key=lambda node: node['unique_id'])}
    counts = {}
    for split, own in (('train', 'train'), ('val', 'test')):
        takes = {record.plan.uid: _take(record, preset, seed) for record in records if record.plan.split == own}
        content = {'annotations': takes, 'taxonomy': taxonomy, 'vocabulary': vocabulary}
        write_json(root / 'annotations' / f'keystep_{split}.json', content)
        counts[split] = sum(len(take['segments']) for take in takes.values())
    return counts


def _classes(task: str, preset: 'MiniPreset') -> list[int]:
    """Coarse classes that can occur in a recipe, inserted ones included, in the order of the recipe."""
    return list(dict.fromkeys([*(node.class_id for node in get_recipe(task, preset)), ADD_SAUCE, CLEAN]))


def _taxonomy(task: str, preset: 'MiniPreset') -> dict[str, dict[str, object]]:
    """Tree of one scenario."""
    scenario, classes = SCENARIOS[task], _classes(task, preset)
    nodes = [_node(ROOT, scenario, None, None)]
    nodes += [_node(rank, COARSE_CLASSES[class_id], ROOT, scenario) for rank, class_id in enumerate(classes, 1)]
    for (class_id, verb, nouns), identifier in step_ids(task, preset).items():
        leaf = _node(identifier, instruct(verb, nouns), classes.index(class_id) + 1, COARSE_CLASSES[class_id])
        nodes.append({**leaf, 'is_leafnode': True, 'unique_id': unique_ids()[verb, nouns]})
    return {str(node['id']): node for node in nodes}


def _node(identifier: int, name: str, parent: int | None, parent_name: str | None) -> dict[str, object]:
    return {'id': identifier, 'is_leafnode': False, 'name': name, 'parent_id': parent, 'parent_name': parent_name}


def _take(record: 'TakeRecord', preset: 'MiniPreset', seed: int) -> dict[str, object]:
    """Annotation of one take."""
    plan, state = record.plan, record.state
    ids, draw = step_ids(plan.task, preset), rng(seed, plan.uid, 'keystep')
    segments = []
    for action in state.actions:
        step = state.steps[action.step_index]
        segments.append({
            'start_time': action.start_sec,
            'end_time': action.end_sec,
            'step_id': ids[step.class_id, action.verb, action.nouns],
            'step_unique_id': unique_ids()[action.verb, action.nouns],
            'step_name': instruct(action.verb, action.nouns),
            'step_description': f'{instruct(action.verb, action.nouns, "the ")} at {PLACES[action.station]}.',
            'is_essential': step.is_essential,
        })
    meta = {
        'annotation_uid': make_uid(seed, 'B-keystep', plan.index),
        'annotator_id': int(draw.integers(100, 200)),
        'response_time': int(draw.integers(300, 3600)),
        'job_id': int(draw.integers(10**6, 10**7)),
        'response_id': int(draw.integers(10**8, 10**9)),
    }
    return {'take_uid': plan.uid, 'take_name': take_name(plan), 'scenario': SCENARIOS[plan.task],
            'annotation_meta': meta, 'segments': segments}
