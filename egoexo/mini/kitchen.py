"""Where things stand: present objects, their sizes and home places, boxes at the back of the counter."""

from dataclasses import dataclass

import numpy as np

from egoexo.mini.presets import MiniPreset
from egoexo.mini.vocabulary import CONTAINERS, INGREDIENTS, OBJECTS, STATIONS, TEMPLATES, RecipeNode

__all__ = ['BOARD_TOP', 'COUNTER_TOP', 'Kitchen', 'lay_out']

COUNTER_TOP = 0.92
BOARD_TOP = COUNTER_TOP + 0.02
# Middle of the working places of what is worked in, (x, y).
WORK_PLACES = {'chopping_board': (0.00, 0.58), 'pan': (0.45, 0.57), 'pot': (0.76, 0.66), 'basin': (-0.50, 0.58),
               'bowl': (0.98, 0.56), 'plate': (1.25, 0.60)}
# Y of the middle of the home places of a station; those of the stove stand behind pan and pot.
HOME_Y = {'stove': 0.88}


@dataclass(frozen=True)
class Kitchen:
    """The furniture of one video that does not depend on what happens.

    Args:
        names (tuple[str, ...]): Present objects, K, in the order of the vocabulary.
        half_size (np.ndarray): (K, 3) metres.
        home (np.ndarray): Resting place of each object's centre, (K, 3).
        distractor_position (np.ndarray): (D, 3).
        distractor_half_size (np.ndarray): (D, 3).
    """

    names: tuple[str, ...]
    half_size: np.ndarray
    home: np.ndarray
    distractor_position: np.ndarray
    distractor_half_size: np.ndarray


def lay_out(recipe: tuple[RecipeNode, ...], preset: MiniPreset, draw: np.random.Generator) -> Kitchen:
    """Put the ingredients of the recipe, a few others, all utensils and some boxes into a kitchen.

    Args:
        recipe (tuple[RecipeNode, ...]): Task graph; its nouns are present.
        preset (MiniPreset): ``ingredient_scale``, ``extra_ingredients``, ``distractors``.
        draw (np.random.Generator): Random stream.

    Returns:
        Kitchen: Objects and boxes.
    """
    needed = {noun for node in recipe for action in TEMPLATES[node.class_id] for noun in action.nouns}
    others = [name for name in INGREDIENTS if name not in needed]
    extra = draw.choice(len(others), min(preset.extra_ingredients, len(others)), replace=False)
    present = needed | {others[index] for index in extra}
    names = tuple(name for name in OBJECTS if name not in INGREDIENTS or name in present)
    scale = np.array([preset.ingredient_scale if name in INGREDIENTS else 1.0 for name in names])
    half_size = np.array([OBJECTS[name].half_size for name in names]) * scale[:, None]
    home = _home_places(names, half_size, draw)
    count = int(draw.integers(preset.distractors[0], preset.distractors[1] + 1))
    boxes = draw.uniform((.03, .025, .04), (.06, .045, .085), (count, 3))
    position = np.stack([draw.uniform(-1.3, 1.3, count), draw.uniform(1.0, 1.06, count), COUNTER_TOP + boxes[:, 2]], 1)
    return Kitchen(names, half_size, home, position, boxes)


def _home_places(names: tuple[str, ...], half_size: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Working places for containers, a sunflower spiral behind the work point of the station for the rest."""
    home = np.empty((len(names), 3))
    taken = dict.fromkeys(STATIONS, 0)
    for index, name in enumerate(names):
        station = OBJECTS[name].station
        base = BOARD_TOP if name in ('knife', 'garlic', 'ginger') else COUNTER_TOP
        if name in CONTAINERS:
            x, y = WORK_PLACES[name]
            base = COUNTER_TOP
        else:
            k = taken[station]
            taken[station] += 1
            radius, angle = 0.10 + 0.055 * np.sqrt(k), 2.399 * k + draw.uniform(-.4, .4)
            x = STATIONS[station] + 1.25 * radius * np.cos(angle)
            y = HOME_Y.get(station, 0.75) + 0.6 * radius * np.sin(angle)
        home[index] = x, y, base + half_size[index, 2]
    return home
