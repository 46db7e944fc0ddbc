"""What an Ego2Exo data set is made from: scenarios, classes and takes, official or one's own."""

import os
import re
from dataclasses import dataclass

from egoexo.errors import AnnotationError, explain
from egoexo.files import read_json, read_text

__all__ = ['OFFICIAL', 'Recipe', 'read_recipe', 'read_take_ids']

_NAME = re.compile(r'[^\x00-\x1f\x7f]{1,200}')
_UID = 'the uid of a take', re.compile(r'[^/\\\x00-\x20\x7f]{1,200}')
_MAX_BYTES = 2**24
_KEYS = ('scenarios', 'classes', 'take_ids')


@dataclass(frozen=True)
class Recipe:
    """Choice of the data.

    Args:
        scenarios (tuple[str, ...]): Names as in the keystep files.
        classes (tuple[str, ...]): Name of each class id; top-level steps of the taxonomies.
        take_ids (tuple[str, ...], optional): Training takes, in order; None takes all of the scenarios in the order of
            the keystep file. Validation always takes all.
    """

    scenarios: tuple[str, ...]
    classes: tuple[str, ...]
    take_ids: tuple[str, ...] | None = None


#: The benchmark of the paper; its 249 takes are in ``take_ids.txt`` of the LaGTran repository.
OFFICIAL = Recipe(
    scenarios=('Making Coffee latte', 'Making Cucumber & Tomato Salad', 'Cooking Scrambled Eggs', 'Cooking an Omelet',
               'Making Milk Tea', 'Making Sesame-Ginger Asian Salad', 'Cooking Tomato & Eggs', 'Making Chai Tea',
               'Cooking Noodles', 'Cooking Sushi Rolls', 'Cooking Pasta'),
    classes=('Clean up', 'Prepare milk (boiled)', 'Prepare ingredients', 'Construct undressed salad', 'Make dough',
             'Brew coffee (instant coffee)', 'Prepare a skillet', 'Make chai tea', 'Make pasta',
             'Cook noodles in a skillet', 'Get kitchenware & utensils', 'Turn off the stove', 'Check paper recipe',
             'Boil noodles in boiling water', 'Brew coffee (manual pour-over)', 'Make milk tea',
             'Mix noodles with sauce in a bowl', 'Make salad', 'Serve', 'Cook', 'Add spring onions', 'Get Ingredients',
             'Add water', 'Prepare dressing'))


def read_recipe(path: str | os.PathLike) -> Recipe:
    """Read a recipe, ``{"scenarios": [...], "classes": [...], "take_ids": [...]}``.

    Args:
        path (str | os.PathLike): JSON file; ``take_ids`` may be absent or null.

    Returns:
        Recipe: Its content.

    Raises:
        AnnotationError: If the file is missing or malformed, or a list is empty or names something twice.
    """
    content = read_json(path, AnnotationError, 'a recipe of an Ego2Exo data set', _MAX_BYTES)
    if not isinstance(content, dict) or not {'scenarios', 'classes'} <= content.keys() <= set(_KEYS):
        found = f'the keys {sorted(content)[:10]}' if isinstance(content, dict) else f'a {type(content).__name__}'
        raise AnnotationError(explain(path, f'an object with the lists {", ".join(_KEYS)}', found,
                                      'Correct the recipe.'))
    take_ids = content.get('take_ids')
    return Recipe(_names(content['scenarios'], f'{path} scenarios', 'a name', _NAME),
                  _names(content['classes'], f'{path} classes', 'a name', _NAME),
                  None if take_ids is None else _names(take_ids, f'{path} take_ids', *_UID))


def read_take_ids(path: str | os.PathLike) -> tuple[str, ...]:
    """Read one take uid per line; the last line may lack its end.

    Args:
        path (str | os.PathLike): Text file such as the released ``take_ids.txt``.

    Returns:
        tuple[str, ...]: In file order.

    Raises:
        AnnotationError: If the file is missing or empty, or a line is no uid or repeats one.
    """
    lines = read_text(path, AnnotationError, 'a list of take uids', _MAX_BYTES).splitlines()
    return _names(lines, path, *_UID)


def _names(values: object, where: str | os.PathLike, what: str, pattern: re.Pattern) -> tuple[str, ...]:
    if not isinstance(values, list) or not values:
        raise AnnotationError(explain(where, 'a list of one or more', f'{values!r:.80}', 'Correct the list.'))
    for number, value in enumerate(values, start=1):
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise AnnotationError(explain(f'{where} entry {number}', what, f'{value!r:.80}', 'Correct the list.'))
    seen: set[str] = set()
    twice = [value for value in values if value in seen or seen.add(value)]
    if twice:
        raise AnnotationError(explain(where, 'each entry once', f'{len(twice):,} repeated (first {twice[:5]})',
                                      'Remove the repetitions.'))
    return tuple(values)
