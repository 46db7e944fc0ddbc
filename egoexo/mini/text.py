"""Narrations of fine actions: paraphrases, hand and no-hand rewrites, noise, and the text of a coarse step."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from egoexo.mini.seeding import rng
from egoexo.mini.state import FineAction
from egoexo.mini.vocabulary import OBJECTS, VERBS

__all__ = ['ADJECTIVES', 'Narration', 'coarse_text', 'ingredient_adjective', 'instruct', 'narrate']

# What a demonstrator calls an ingredient; one per task and ingredient, never visible in the pixels.
ADJECTIVES: dict[str, tuple[str, ...]] = {
    'tomato': ('ripe', 'sweet', 'organic', 'sour'),
    'green_vegetable': ('tender', 'fresh', 'bitter', 'local'),
    'eggplant': ('young', 'seedless', 'smooth', 'fresh'),
    'potato': ('waxy', 'floury', 'new', 'old'),
    'pepper': ('spicy', 'mild', 'crisp', 'fresh'),
    'cucumber': ('crunchy', 'cool', 'juicy', 'fresh'),
    'meat': ('lean', 'fatty', 'thawed', 'marinated'),
    'tofu': ('silken', 'firm', 'smoked', 'soft'),
    'egg': ('free-range', 'raw', 'fresh', 'country'),
    'dough': ('rested', 'leavened', 'soft', 'salted'),
    'garlic': ('pungent', 'dried', 'early', 'fresh'),
    'ginger': ('old', 'young', 'dried', 'fresh'),
}

# Verb -> (prepositions of the second noun, Chinese verb).
VERB_EXTRAS: dict[str, tuple[tuple[str, ...], str]] = {
    'adjust': (('with',), '调整'),
    'cover': (('with',), '盖住'),
    'cut': (('with', 'using'), '切'),
    'fill': (('with',), '装满'),
    'hold': (('beside',), '扶住'),
    'mix': (('with', 'using'), '搅拌'),
    'move': (('next to',), '移动'),
    'open': (('with',), '打开'),
    'operate': (('with',), '操作'),
    'pour': (('over', 'onto'), '倒'),
    'press': (('against', 'on the rim of'), '按压'),
    'put': (('next to',), '放下'),
    'remove': (('with',), '剥'),
    'scoop': (('with', 'using'), '舀'),
    'shake': (('over', 'above'), '摇晃'),
    'take': (('next to',), '拿起'),
    'throw': (('into',), '扔进'),
    'turn': (('with', 'using'), '翻动'),
    'wash': (('with', 'under'), '清洗'),
}
CHINESE_OBJECTS = {
    'tomato': '番茄', 'green_vegetable': '青菜', 'eggplant': '茄子', 'potato': '土豆', 'pepper': '青椒',
    'cucumber': '黄瓜', 'meat': '肉', 'tofu': '豆腐', 'egg': '鸡蛋', 'dough': '面团',
    'garlic': '蒜', 'ginger': '姜', 'knife': '刀', 'bowl': '碗', 'plate': '盘子',
    'pot': '锅', 'pan': '平底锅', 'lid': '锅盖', 'shovel': '锅铲', 'spoon': '勺子',
    'chopstick': '筷子', 'seasoning': '调料', 'oil': '油', 'basin': '盆', 'water': '水',
    'chopping_board': '砧板',
}

PLACES = {'shelf': 'the shelf', 'sink': 'the sink', 'board': 'the board', 'stove': 'the stove', 'table': 'the table'}
SUBJECTS = ('', 'a person', 'C')
HAND_PHRASES = {'right': (('with the right hand', 'using the right hand'), '右手'),
                'both': (('with both hands', 'using both hands'), '双手')}
GENERIC = ('does something with', 'handles')
GENERIC_SHARE = 2 / 3  # of the noisy narrations; the others name a wrong ingredient


@dataclass(frozen=True)
class Narration:
    """Four texts of one fine action.

    Args:
        en (str): Annotator's sentence, with or without the hand.
        hand (str): Rewrite that always says which hand acts.
        no_hand (str): Rewrite that never mentions a hand; target of captioning.
        zh (str): Chinese original, always truthful.
        kind (str): ``'plain'``, ``'generic'`` (verb lost) or ``'wrong_noun'``.
    """

    en: str
    hand: str
    no_hand: str
    zh: str
    kind: str


def ingredient_adjective(seed: int, task: str, name: str) -> str:
    """Adjective that demonstrators and followers of one task use for an ingredient.

    It is a property of the recipe, not of the picture: a captioner can only know it from a reference of the same task.

    Args:
        seed (int): Seed of the world.
        task (str): Recipe name.
        name (str): Object name.

    Returns:
        str: The adjective, empty for tools and containers.
    """
    choices = ADJECTIVES.get(name, ())
    return str(rng(seed, task, f'adjective:{name}').choice(choices)) if choices else ''


def narrate(action: FineAction, *, seed: int, uid: str, index: int, task: str, noise: float = 0.15,
            subject: str | None = None) -> Narration:
    """Narrations of one fine action, drawn from (seed, uid, index) alone.

    Args:
        action (FineAction): The action.
        seed (int): Seed of the world.
        uid (str): Video identifier.
        index (int): Number of the action in the video.
        task (str): Recipe name, selects the adjectives.
        noise (float): Share of defective narrations in [0, 1]; two thirds lose the verb, the rest name another
            ingredient.
        subject (str, optional): Who acts, the same in every text; drawn from three ways to say it by default.

    Returns:
        Narration: English, two rewrites, Chinese.
    """
    generator = rng(seed, uid, f'text:{index}')
    kind = _draw_kind(generator, noise)
    name = _wrong_object(generator, action.nouns[0]) if kind == 'wrong_noun' else action.nouns[0]
    verb = str(generator.choice(GENERIC if kind == 'generic' else VERBS[action.verb].words))
    predicate = f'{verb} {_noun_phrase(generator, name, ingredient_adjective(seed, task, name))}'
    if len(action.nouns) > 1 and kind != 'generic':
        second = _noun_phrase(generator, action.nouns[1], ingredient_adjective(seed, task, action.nouns[1]))
        predicate += f' {generator.choice(VERB_EXTRAS[action.verb][0])} {second}'
    place = _place(generator, action)
    hand = str(generator.choice(HAND_PHRASES[action.hand][0]))
    drawn = SUBJECTS[generator.integers(len(SUBJECTS))]
    subject = drawn if subject is None else subject
    says_hand = generator.random() < 0.6
    return Narration(en=_sentence(subject, predicate, place, hand if says_hand else ''),
                     hand=_sentence(_acting_hand(generator, action.hand), predicate, place, ''),
                     no_hand=_sentence(subject, predicate, place, ''), zh=_chinese(action), kind=kind)


def instruct(verb: str, nouns: Sequence[str], article: str = '') -> str:
    """Plain name of a kind of action.

    Args:
        verb (str): Verb name.
        nouns (Sequence[str]): Object names, the acted-on one first.
        article (str): Put before each object, e.g. ``'the '``.

    Returns:
        str: ``'Cut tomato with knife'``, the usual words without any draw.
    """
    words = [f'{article}{OBJECTS[noun].words[0]}' for noun in nouns]
    first, _, rest = VERBS[verb].words[0].partition(' ')
    parts = [_base_form(first), rest, words[0]]
    if len(words) > 1:
        parts += [VERB_EXTRAS[verb][0][0], words[1]]
    text = ' '.join(part for part in parts if part)
    return text[0].upper() + text[1:]


def coarse_text(narrations: Sequence[Narration]) -> str:
    """Text of a coarse step: its fine narrations as numbered sentences, one a line.

    Args:
        narrations (Sequence[Narration]): Narrations of the step's actions in time order.

    Returns:
        str: ``'1. ...\\n2. ...'``.
    """
    return '\n'.join(f'{number}. {narration.no_hand}' for number, narration in enumerate(narrations, 1))


def _draw_kind(generator: np.random.Generator, noise: float) -> str:
    """Draw both numbers always, so that a change of ``noise`` leaves the other words alone."""
    first, second = generator.random(2)
    if first >= noise:
        return 'plain'
    return 'generic' if second < GENERIC_SHARE else 'wrong_noun'


def _wrong_object(generator: np.random.Generator, name: str) -> str:
    """Another ingredient."""
    return str(generator.choice([other for other in ADJECTIVES if other != name]))


def _noun_phrase(generator: np.random.Generator, name: str, adjective: str) -> str:
    """``'the ripe tomato'``; the usual word in two cases of three."""
    words = OBJECTS[name].words
    word = words[0] if generator.random() < 2 / 3 else words[generator.integers(len(words))]
    return f'the {adjective} {word}' if adjective and adjective not in word else f'the {word}'


def _place(generator: np.random.Generator, action: FineAction) -> str:
    """Place phrase in one case of three, else empty."""
    if generator.random() >= 1 / 3 or action.station not in PLACES:
        return ''
    preposition = {'take': 'from', 'put': 'on'}.get(action.verb, 'at')
    return f'{preposition} {PLACES[action.station]}'


def _acting_hand(generator: np.random.Generator, hand: str) -> str:
    """Subject of the hand rewrite."""
    return 'both hands' if hand == 'both' else str(generator.choice(('the right hand', 'the person\'s right hand')))


def _sentence(subject: str, predicate: str, place: str, hand: str) -> str:
    """Put the parts together; no subject gives the imperative, a plural one the plural."""
    if not subject or subject.endswith('hands'):
        verb, rest = predicate.split(' ', 1)
        predicate = f'{_base_form(verb)} {rest}'
    text = ' '.join(part for part in (subject, predicate, place, hand) if part)
    return f'{text[0].upper()}{text[1:]}.'


def _base_form(verb: str) -> str:
    """Third person singular of a regular English verb back to its base form."""
    if verb.endswith('ies'):
        return f'{verb[:-3]}y'
    return verb[:-2] if verb.endswith(('sses', 'shes', 'ches', 'xes', 'oes')) else verb[:-1]


def _chinese(action: FineAction) -> str:
    """Short Chinese sentence: hand, verb, object, other object."""
    names = [CHINESE_OBJECTS[noun] for noun in action.nouns]
    other = f'（{names[1]}）' if len(names) > 1 else ''
    return f'用{HAND_PHRASES[action.hand][1]}{VERB_EXTRAS[action.verb][1]}{names[0]}{other}'
