"""Questions read off the tables: cross-view association and multiple choice about a video."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from egoexo.mini.annotate import Clip, Step, Tables
from egoexo.mini.seeding import rng
from egoexo.mini.vocabulary import COARSE_CLASSES, INGREDIENTS, OBJECTS

__all__ = ['AssociationQuestion', 'VideoQuestion', 'association_questions', 'num_options', 'video_questions']

MAX_OPTIONS = 20
VIDEO_OPTIONS = 4
TOOLS = ('knife', 'shovel', 'spoon', 'chopstick', 'lid', 'oil')


@dataclass(frozen=True)
class AssociationQuestion:
    """Which clip of the other view shows the same action?

    Args:
        query (Clip): The clip asked about.
        choices (tuple[Clip, ...]): K clips of the other view; one has the query's verb and nouns.
        answer (int): Index of that one.
        type_id (int): 1 = ego query, 2 = exo query.
    """

    query: Clip
    choices: tuple[Clip, ...]
    answer: int
    type_id: int


@dataclass(frozen=True)
class VideoQuestion:
    """Multiple choice about one video.

    Args:
        uid (str): Video.
        question (str): Text.
        options (tuple[str, ...]): Texts of the options.
        answer (int): Index of the right one.
    """

    uid: str
    question: str
    options: tuple[str, ...]
    answer: int


def num_options(tables: Tables, subset: str) -> int:
    """Options that every question of a subset can have: 20, or fewer in a small world.

    Args:
        tables (Tables): Annotations.
        subset (str): ``'val'`` or ``'test'``.

    Returns:
        int: K.
    """
    return min(MAX_OPTIONS, *(len({clip.key for clip in tables.select_clips(view, subset)}) for view in ('ego', 'exo')))


def association_questions(tables: Tables, subset: str) -> list[AssociationQuestion]:
    """One question per clip whose action also occurs in the other view; ego queries first.

    Half of the wrong options share the verb or the first noun with the query as far as there are such actions, and all
    options show different actions.

    Args:
        tables (Tables): Annotations.
        subset (str): ``'val'`` or ``'test'``; queries and options come from it.

    Returns:
        list[AssociationQuestion]: Questions in table order.
    """
    size = num_options(tables, subset)
    questions = []
    for type_id, (view, other) in enumerate((('ego', 'exo'), ('exo', 'ego')), 1):
        pool: dict[tuple[str, ...], list[Clip]] = {}
        for clip in tables.select_clips(other, subset):
            pool.setdefault(clip.key, []).append(clip)
        questions += [_ask(clip, pool, size, type_id, tables.seed) for clip in tables.select_clips(view, subset)
                      if clip.key in pool and size > 1]
    return questions


def video_questions(uid: str, steps: Sequence[Step], clips: Sequence[Clip], seed: int) -> list[VideoQuestion]:
    """Questions about one video: which ingredient is cut, which step follows, which tool is used.

    Args:
        uid (str): Video.
        steps (Sequence[Step]): Its coarse steps in time order.
        clips (Sequence[Clip]): Its fine actions.
        seed (int): Seed of the world.

    Returns:
        list[VideoQuestion]: Up to three questions; a kind that the video cannot answer uniquely is left out.
    """
    generator = rng(seed, uid, 'video questions')
    asked = (_cut_question(clips, generator), _order_question(steps, generator), _tool_question(clips, generator))
    return [_shuffle(uid, *parts, generator) for parts in asked if parts is not None]


def _ask(query: Clip, pool: dict[tuple[str, ...], list[Clip]], size: int, type_id: int,
         seed: int) -> AssociationQuestion:
    """Draw the options of one question."""
    generator = rng(seed, query.annotation_id, 'association')
    others = sorted(key for key in pool if key != query.key)
    others = [others[index] for index in generator.permutation(len(others))]
    near = [key for key in others if key[0] == query.verb or key[1] == query.nouns[0]]
    far = [key for key in others if key not in near]
    num_near = max(min(len(near), size // 2), size - 1 - len(far))
    keys = near[:num_near] + far[:size - 1 - num_near]
    keys = [keys[index] for index in generator.permutation(len(keys))]
    answer = int(generator.integers(size))
    keys.insert(answer, query.key)
    choices = tuple(pool[key][generator.integers(len(pool[key]))] for key in keys)
    return AssociationQuestion(query, choices, answer, type_id)


def _word(name: str) -> str:
    """Plain word for an object."""
    return OBJECTS[name].words[0]


def _cut_question(clips: Sequence[Clip], generator: np.random.Generator) -> tuple[str, str, list[str]] | None:
    """Question, right answer, wrong answers."""
    cut = sorted({clip.nouns[0] for clip in clips if clip.verb == 'cut'})
    if not cut:
        return None
    wrong = [_word(name) for name in INGREDIENTS if name not in cut]
    return 'Which ingredient is cut in the video?', _word(str(generator.choice(cut))), wrong


def _order_question(steps: Sequence[Step], generator: np.random.Generator) -> tuple[str, str, list[str]] | None:
    """What comes after a step that happens once."""
    ids = [step.class_id for step in steps]
    once = [index for index in range(len(ids) - 1) if ids.count(ids[index]) == 1]
    if not once:
        return None
    index = int(generator.choice(once))
    right = ids[index + 1]
    wrong = [name for class_id, name in enumerate(COARSE_CLASSES) if class_id not in (0, right, ids[index])]
    return f'Which step comes right after "{COARSE_CLASSES[ids[index]]}"?', COARSE_CLASSES[right], wrong


def _tool_question(clips: Sequence[Clip], generator: np.random.Generator) -> tuple[str, str, list[str]] | None:
    """Which tool serves an action that uses one tool throughout the video."""
    tools: dict[tuple[str, str], set[str | None]] = {}
    for clip in clips:
        tools.setdefault((clip.verb, clip.nouns[0]), set()).add(clip.tool)
    cases = sorted((verb, noun, *used) for (verb, noun), used in tools.items()
                   if len(used) == 1 and used <= set(TOOLS) and noun not in used)
    if not cases:
        return None
    verb, noun, tool = cases[generator.integers(len(cases))]
    question = f'Which object is held in the hand to {verb} the {_word(noun)}?'
    return question, _word(tool), [_word(name) for name in TOOLS if name != tool]


def _shuffle(uid: str, question: str, right: str, wrong: Sequence[str],
             generator: np.random.Generator) -> VideoQuestion:
    """Four options in random order."""
    options = [str(text) for text in generator.permutation(wrong)[:VIDEO_OPTIONS - 1]]
    answer = int(generator.integers(VIDEO_OPTIONS))
    options.insert(answer, right)
    return VideoQuestion(uid, question, tuple(options), answer)
