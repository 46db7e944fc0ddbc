"""Keysteps: segments of the fine actions, and a taxonomy in which every id can be looked up."""

import pytest

from egoexo.mini.layouts.egoexo4d_keystep import step_ids, unique_ids
from egoexo.mini.layouts.egoexo4d_names import SCENARIOS
from egoexo.mini.presets import get_preset
from egoexo.mini.vocabulary import COARSE_CLASSES, TEMPLATES


@pytest.fixture(scope='module')
def files(take_world) -> dict[str, dict]:
    return {split: take_world.read(f'annotations/keystep_{split}.json') for split in ('train', 'val')}


def top_names(tree: dict) -> dict[int, str]:
    """Leaf -> name of its ancestor below the root, as the notebook of Ego2Exo climbs."""
    nodes, names = {node['id']: node for node in tree.values()}, {}
    for node in nodes.values():
        if node['is_leafnode']:
            above = node
            while above['parent_id'] != 0:
                above = nodes[above['parent_id']]
            names[node['id']] = above['name']
    return names


def test_segments_are_the_fine_actions_inside_their_take(take_world, files):
    durations = {take['take_uid']: take['duration_sec'] for take in take_world.read('takes.json')}
    for record in take_world.records:
        take = files['val' if record.plan.split == 'test' else 'train']['annotations'][record.plan.uid]
        segments, actions = take['segments'], record.state.actions
        assert [(s['start_time'], s['end_time']) for s in segments] == [(a.start_sec, a.end_sec) for a in actions]
        assert all(0 <= s['start_time'] < s['end_time'] <= durations[record.plan.uid] for s in segments)
        essential = [record.state.steps[action.step_index].is_essential for action in actions]
        assert [segment['is_essential'] for segment in segments] == essential
    assert len(files['train']['annotations']) + len(files['val']['annotations']) == len(take_world.records)


def test_taxonomy_closes_and_gives_the_coarse_class_back(take_world, files):
    for split, content in files.items():
        for record in take_world.records:
            take = content['annotations'].get(record.plan.uid)
            if take is None:
                continue
            tree = content['taxonomy'][take['scenario']]
            tops = top_names(tree)
            for segment, action in zip(take['segments'], record.state.actions, strict=True):
                leaf = tree[str(segment['step_id'])]
                assert leaf['is_leafnode']
                assert (leaf['name'], leaf['unique_id']) == (segment['step_name'], segment['step_unique_id'])
                assert content['vocabulary'][str(segment['step_unique_id'])] == segment['step_name']
                class_id = record.state.steps[action.step_index].class_id
                assert tops[segment['step_id']] == COARSE_CLASSES[class_id]
        assert {take['scenario'] for take in content['annotations'].values()} <= set(SCENARIOS.values())
        assert split in ('train', 'val')


def test_trees_have_one_root_and_parents_that_exist(files):
    for tree in files['train']['taxonomy'].values():
        assert [node['id'] for node in tree.values() if node['parent_id'] is None] == [0]
        for key, node in tree.items():
            assert int(key) == node['id'] < 10000
            assert ('unique_id' in node) == node['is_leafnode']
            if node['parent_id'] is not None:
                assert tree[str(node['parent_id'])]['name'] == node['parent_name']


def test_step_ids_mean_nothing_outside_their_scenario_and_unique_ids_everything():
    preset = get_preset('default')
    ids = {task: step_ids(task, preset) for task in SCENARIOS}
    leaf = (24, 'mix', ('pan', 'shovel'))
    assert len({own[leaf] for own in ids.values()}) > 1
    assert all(sorted(own.values()) == list(range(min(own.values()), min(own.values()) + len(own)))
               for own in ids.values())
    unique = list(unique_ids().values())
    assert len(set(unique)) == len(unique) < max(unique) - min(unique) + 1  # gaps
    assert set(unique_ids()) == {(action.verb, action.nouns) for own in TEMPLATES.values() for action in own}


def test_names_are_told_apart_and_readable(files):
    vocabulary = files['train']['vocabulary']
    assert len(set(vocabulary.values())) == len(vocabulary)
    assert 'Cut tomato with knife' in vocabulary.values()
    segment = next(iter(files['train']['annotations'].values()))['segments'][0]
    assert segment['step_description'].endswith('.')
    assert ' the ' in segment['step_description']


def test_large_recipes_have_keysteps_too():
    preset = get_preset('large')
    classes = {class_id for task in SCENARIOS for class_id, _, _ in step_ids(task, preset)}
    assert len(classes) == 27
