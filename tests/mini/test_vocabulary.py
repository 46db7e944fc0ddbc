import csv
import json

import pytest
from tests_support import data_dir

from egoexo.mini.vocabulary import (
    COARSE_CLASSES,
    CONTAINERS,
    INGREDIENTS,
    OBJECTS,
    RECIPES,
    RECIPES_ALL_CLASSES,
    STATIONS,
    TEMPLATES,
    VERBS,
)


def _labels(kind: str) -> list[str]:
    with open(data_dir('egoexolearn') / 'annotations' / f'narration_{kind}_taxonomy.csv', encoding='utf-8') as file:
        return [row['label'] for row in csv.DictReader(file)]


def test_verb_ids_are_the_19_valid_official_ones():
    labels = _labels('verb')
    folder = 'action_anticipation_planning_benchmark/anticpation_annotation/balanced_full_annotation'
    valid = (data_dir('egoexolearn') / folder / 'valid_verbs.txt').read_text(encoding='utf-8').split()
    assert sorted(verb.verb_id for verb in VERBS.values()) == [int(line) for line in valid]
    assert all(labels[verb.verb_id].split('_(')[0] == name for name, verb in VERBS.items())


def test_noun_ids_are_rows_of_the_official_taxonomy():
    labels = _labels('noun')
    assert [labels[spec.noun_id] for spec in OBJECTS.values()] == [spec.noun_label for spec in OBJECTS.values()]
    assert len({spec.noun_id for spec in OBJECTS.values()}) == 26


def test_coarse_classes_are_the_official_ones():
    path = data_dir('egoexolearn') / 'temporal_action_segmentation_benchmark/tas_annotation/semantic_en.json'
    official = {int(row['value']): row['key'] for row in json.loads(path.read_text(encoding='utf-8'))}
    assert len(COARSE_CLASSES) == 28
    # Three names are misspelt in the release.
    different = {index for index, name in official.items() if COARSE_CLASSES[index] != name}
    assert different <= {5, 9, 25}


def test_objects_are_numbered_and_placed():
    assert [spec.instance_id for spec in OBJECTS.values()] == list(range(1, 27))
    assert {spec.station for spec in OBJECTS.values()} <= set(STATIONS)
    assert set(INGREDIENTS) | set(CONTAINERS) <= set(OBJECTS)


def test_templates_name_only_known_things():
    assert set(TEMPLATES) == set(range(1, 28))
    for actions in TEMPLATES.values():
        for action in actions:
            assert action.verb in VERBS
            assert set(action.nouns) <= set(OBJECTS)
            assert action.station in STATIONS
            assert action.tool is None or action.tool in action.nouns
    assert {action.verb for actions in TEMPLATES.values() for action in actions} == set(VERBS)


@pytest.mark.parametrize(('recipes', 'num_classes'), [(RECIPES, 17), (RECIPES_ALL_CLASSES, 26)])
def test_recipes_are_acyclic_and_cover_their_classes(recipes, num_classes):
    # Class 26, cleaning, is inserted and in no recipe.
    assert len({node.class_id for nodes in recipes.values() for node in nodes}) == num_classes
    for nodes in recipes.values():
        assert len(nodes) == 11
        assert all(need < index for index, node in enumerate(nodes) for need in node.requires)


@pytest.mark.parametrize('recipes', [RECIPES, RECIPES_ALL_CLASSES])
def test_whatever_is_cut_is_prepared_first(recipes):
    prepared_by = {12: 1, 13: 2, 14: 3, 15: 4, 16: 5, 17: 10, 18: 7}
    for nodes in recipes.values():
        for node in nodes:
            if node.class_id in prepared_by:
                assert prepared_by[node.class_id] in {nodes[need].class_id for need in node.requires}
