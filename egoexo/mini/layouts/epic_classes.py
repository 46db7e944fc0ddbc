"""Verb and noun classes in the columns of EPIC-KITCHENS-100, and the rare ones among them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from egoexo.mini.layouts.epic_names import ANNOTATIONS
from egoexo.mini.layouts.files import write_csv
from egoexo.mini.vocabulary import OBJECTS, VERBS

__all__ = ['NOUN_IDS', 'TAIL_SHARE', 'VERB_IDS', 'VERB_WORDS', 'VerbWords', 'noun_form', 'tail_classes',
           'verb_form', 'write_classes', 'write_tails']

TAIL_SHARE = 0.20  # of the training rows, at most, belong to tail classes


class VerbWords(NamedTuple):
    """How narrators of EPIC-Kitchens say a verb.

    Args:
        category (str): Group of the verb.
        words (tuple[str, ...]): Imperatives, the plain one first.
        preposition (str): Before the second noun.
    """

    category: str
    words: tuple[str, ...]
    preposition: str = 'with'


VERB_WORDS = {
    'adjust': VerbWords('manipulate', ('adjust', 'regulate', 'change')),
    'cover': VerbWords('block', ('cover', 'cap', 'close')),
    'cut': VerbWords('split', ('cut', 'chop', 'slice')),
    'fill': VerbWords('merge', ('fill', 'fill up', 'top up')),
    'hold': VerbWords('manipulate', ('hold', 'support', 'grip')),
    'mix': VerbWords('merge', ('mix', 'stir', 'blend')),
    'move': VerbWords('transition', ('move', 'carry', 'transfer')),
    'open': VerbWords('access', ('open', 'open up', 'unwrap')),
    'operate': VerbWords('manipulate', ('turn on', 'use', 'switch on')),
    'pour': VerbWords('merge', ('pour', 'pour out', 'drain'), 'over'),
    'press': VerbWords('manipulate', ('press', 'flatten', 'squeeze'), 'on'),
    'put': VerbWords('leave', ('put down', 'put', 'place')),
    'remove': VerbWords('split', ('peel', 'peel off', 'strip')),
    'scoop': VerbWords('retrieve', ('scoop', 'ladle', 'scoop up')),
    'shake': VerbWords('manipulate', ('shake', 'sway', 'sprinkle'), 'over'),
    'take': VerbWords('retrieve', ('take', 'pick up', 'grab')),
    'throw': VerbWords('leave', ('throw', 'toss', 'tip'), 'into'),
    'turn': VerbWords('manipulate', ('turn', 'flip', 'turn over')),
    'wash': VerbWords('clean', ('wash', 'rinse', 'rinse off')),
}
_NOUN_CATEGORIES = {
    'vegetables': ('tomato', 'green_vegetable', 'eggplant', 'potato', 'pepper', 'cucumber'),
    'meat and substitute': ('meat', 'tofu'),
    'dairy and eggs': ('egg',),
    'baked goods and grains': ('dough',),
    'spices and herbs and sauces': ('garlic', 'ginger', 'seasoning', 'oil'),
    'cutlery': ('knife', 'spoon', 'chopstick'),
    'crockery': ('bowl', 'plate'),
    'cookware': ('pot', 'pan', 'lid'),
    'utensils': ('shovel', 'chopping_board'),
    'containers': ('basin',),
    'drinks': ('water',),
}
# Always all classes of the world, also those that a preset never shows.
VERB_IDS = {name: index for index, name in enumerate(VERBS)}
NOUN_IDS = {name: index for index, name in enumerate(OBJECTS)}
_HEADER = ('id', 'key', 'instances', 'category')


def verb_form(words: str) -> str:
    """A verb as the annotation files write it.

    Args:
        words (str): Verb of a narration, e.g. ``'put down'``.

    Returns:
        str: ``'put-down'``.
    """
    return words.replace(' ', '-')


def noun_form(words: str) -> str:
    """A noun as the annotation files write it, its head first.

    Args:
        words (str): Noun of a narration, e.g. ``'frying pan'``.

    Returns:
        str: ``'pan:frying'``.
    """
    *others, head = words.rpartition(' of ')[2].split(' ')
    return ':'.join((head, *others))


def write_classes(root: Path) -> dict[str, list[str]]:
    """Write the two class tables.

    Args:
        root (Path): Root of the layout.

    Returns:
        dict[str, list[str]]: Keys of the classes by id, for ``'verb'`` and ``'noun'``.
    """
    verbs = [(index, verb_form(VERB_WORDS[name].words[0]), [verb_form(word) for word in VERB_WORDS[name].words],
              VERB_WORDS[name].category) for name, index in VERB_IDS.items()]
    category = {name: group for group, names in _NOUN_CATEGORIES.items() for name in names}
    nouns = [(index, noun_form(OBJECTS[name].words[0]), [noun_form(word) for word in OBJECTS[name].words],
              category[name]) for name, index in NOUN_IDS.items()]
    for kind, rows in (('verb', verbs), ('noun', nouns)):
        write_csv(root / ANNOTATIONS / f'EPIC_100_{kind}_classes.csv', _HEADER, rows)
    return {'verb': [row[1] for row in verbs], 'noun': [row[1] for row in nouns]}


def tail_classes(labels: Iterable[int], num_classes: int) -> list[int]:
    """The smallest classes, which together have at most a fifth of the training rows.

    Rule of Damen et al., "Rescaling Egocentric Vision" (IJCV 2022). Classes without a row are the smallest; of
    classes of one size the one with the lower id comes first.

    Args:
        labels (Iterable[int]): Class of each training row.
        num_classes (int): Number of classes.

    Returns:
        list[int]: Class ids, ascending.
    """
    counts = [0] * num_classes
    for label in labels:
        counts[label] += 1
    left, tail = TAIL_SHARE * sum(counts), []
    for index in sorted(range(num_classes), key=lambda index: (counts[index], index)):
        left -= counts[index]
        if left < 0:
            break
        tail.append(index)
    return sorted(tail)


def write_tails(root: Path, verbs: Sequence[int], nouns: Sequence[int]) -> dict[str, list[int]]:
    """Write the lists of tail classes.

    Args:
        root (Path): Root of the layout.
        verbs (Sequence[int]): Verb class of each training row.
        nouns (Sequence[int]): Noun class of each training row.

    Returns:
        dict[str, list[int]]: Tail classes, for ``'verb'`` and ``'noun'``.
    """
    tails = {'verb': tail_classes(verbs, len(VERB_IDS)), 'noun': tail_classes(nouns, len(NOUN_IDS))}
    for kind, tail in tails.items():
        write_csv(root / ANNOTATIONS / f'EPIC_100_tail_{kind}s.csv', (kind,), [(index,) for index in tail])
    return tails
