"""From a task graph to the ordered steps of one performance."""

from dataclasses import dataclass

import numpy as np

from egoexo.mini.presets import MiniPreset
from egoexo.mini.vocabulary import COOKING_CLASSES, OPTIONAL_CLASSES, RECIPES, RECIPES_ALL_CLASSES, RecipeNode

__all__ = ['PlannedStep', 'get_recipe', 'order_steps']

CLEAN, ADD_SAUCE = 26, 25


@dataclass(frozen=True)
class PlannedStep:
    """A step before it has a time.

    Args:
        class_id (int): Coarse class.
        node (int): Recipe node, -1 for an inserted step.
        is_essential (bool): False for optional nodes and insertions.
        missing (tuple[int, ...]): Prerequisites not yet done; not empty means a wrong order.
    """

    class_id: int
    node: int
    is_essential: bool
    missing: tuple[int, ...] = ()


def get_recipe(task: str, preset: MiniPreset) -> tuple[RecipeNode, ...]:
    """Task graph of a task.

    Args:
        task (str): ``'task1'`` .. ``'task5'``.
        preset (MiniPreset): Chooses between the recipes with 18 and with 27 classes.

    Returns:
        tuple[RecipeNode, ...]: Nodes.
    """
    return (RECIPES_ALL_CLASSES if preset.all_classes else RECIPES)[task]


def order_steps(recipe: tuple[RecipeNode, ...], preset: MiniPreset, skill: float,
                draw: np.random.Generator) -> list[PlannedStep]:
    """Draw one performance: a random linear extension with left-out, inserted and misplaced steps.

    Among the ready nodes the one with the smallest index plus noise comes next. Left-out optional nodes count as
    done. A mistake performs a node that is not ready; its prerequisites follow later.

    Args:
        recipe (tuple[RecipeNode, ...]): Task graph.
        preset (MiniPreset): Knobs.
        skill (float): Skill of the actor in [0, 1].
        draw (np.random.Generator): Random stream.

    Returns:
        list[PlannedStep]: Steps in order.
    """
    done = {index for index, node in enumerate(recipe)
            if node.class_id in OPTIONAL_CLASSES and draw.random() < preset.skip_optional}
    remaining = [index for index in range(len(recipe)) if index not in done]
    mistake_rate = preset.mistake[0] + preset.mistake[1] * (1 - skill)
    steps = []
    while remaining:
        missing = {index: tuple(need for need in recipe[index].requires if need not in done) for index in remaining}
        ready = [index for index in remaining if not missing[index]]
        waiting = [index for index in remaining if missing[index]]
        pool = waiting if waiting and draw.random() < mistake_rate else ready
        node = min(pool, key=dict(zip(pool, pool + draw.normal(0, preset.order_noise, len(pool)), strict=True)).get)
        class_id = recipe[node].class_id
        steps.append(PlannedStep(class_id, node, class_id not in OPTIONAL_CLASSES, missing[node]))
        steps += _insertions(class_id, preset, draw)
        done.add(node)
        remaining.remove(node)
    return steps


def _insertions(class_id: int, preset: MiniPreset, draw: np.random.Generator) -> list[PlannedStep]:
    """Cleaning after any node, another sauce after cooking; always two draws, so that knobs do not shift the stream."""
    clean, sauce = draw.random(2)
    out = []
    if class_id in COOKING_CLASSES and sauce < preset.insert_sauce:
        out.append(PlannedStep(ADD_SAUCE, -1, False))
    if clean < preset.insert_clean:
        out.append(PlannedStep(CLEAN, -1, False))
    return out
