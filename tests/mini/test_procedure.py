from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from egoexo.mini.presets import PRESETS
from egoexo.mini.procedure import get_recipe, order_steps
from egoexo.mini.vocabulary import OPTIONAL_CLASSES, RECIPES

PRESET = PRESETS['default']
CALM = replace(PRESET, mistake=(0.0, 0.0))


def _performances(task, preset, skill=0.5, count=60):
    recipe = get_recipe(task, preset)
    return recipe, [order_steps(recipe, preset, skill, np.random.default_rng(seed)) for seed in range(count)]


@pytest.mark.parametrize('task', RECIPES)
def test_without_mistakes_every_order_obeys_the_graph(task):
    recipe, performances = _performances(task, CALM)
    for steps in performances:
        nodes = [step.node for step in steps if step.node >= 0]
        place = {node: index for index, node in enumerate(nodes)}
        assert len(place) == len(nodes)
        assert all(place[need] < place[node] for node in nodes for need in recipe[node].requires if need in place)
        assert all(step.missing == () for step in steps)


@pytest.mark.parametrize('task', RECIPES)
def test_only_optional_nodes_are_left_out(task):
    recipe, performances = _performances(task, CALM)
    left_out = Counter(node for steps in performances for node in set(range(11)) - {step.node for step in steps})
    optional = {index for index, node in enumerate(recipe) if node.class_id in OPTIONAL_CLASSES}
    assert set(left_out) == optional
    assert all(2 <= count <= 20 for count in left_out.values())  # 60 times .15


def test_mistakes_name_what_was_missing_and_do_it_later():
    recipe, performances = _performances('task2', replace(PRESET, mistake=(0.3, 0.0)))
    mistakes = 0
    for steps in performances:
        done = []
        for step in steps:
            present = {later.node for later in steps}
            unmet = tuple(need for need in recipe[step.node].requires if need not in done and need in present)
            assert step.missing == (unmet if step.node >= 0 else ())
            mistakes += bool(step.missing)
            done.append(step.node)
        assert {need for step in steps for need in step.missing} <= set(done)
    assert mistakes > 60


def test_less_skilled_actors_make_more_mistakes():
    counts = [sum(bool(step.missing) for steps in _performances('task2', PRESET, skill, 400)[1] for step in steps)
              for skill in (0.0, 1.0)]
    assert counts[0] > 2 * counts[1]


def test_insertions_are_cleaning_and_sauce_at_their_rates():
    _, performances = _performances('task4', CALM, count=300)
    inserted = Counter(step.class_id for steps in performances for step in steps if step.node < 0)
    nodes = sum(step.node >= 0 for steps in performances for step in steps)
    assert set(inserted) == {25, 26}
    assert inserted[26] / nodes == pytest.approx(0.16, abs=0.02)
    assert all(not step.is_essential for steps in performances for step in steps if step.node < 0)
    for steps in performances:
        assert all(before.class_id in (23, 24) for before, step in pairwise(steps)
                   if (step.node, step.class_id) == (-1, 25))


def test_order_noise_zero_gives_the_order_of_the_recipe():
    calm = replace(CALM, order_noise=0.0)
    for steps in _performances('task3', calm)[1]:
        nodes = [step.node for step in steps if step.node >= 0]
        assert nodes == sorted(nodes)
    assert len({tuple(step.node for step in steps if step.node >= 0) for steps in _performances('task3', CALM)[1]}) > 20
