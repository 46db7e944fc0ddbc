"""Skill pairs: clips of the six official actions, ordered by quality of execution."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from egoexo.mini.annotate import Clip, Tables
from egoexo.mini.seeding import rng

__all__ = ['SKILL_GROUPS', 'SkillPair', 'skill_action', 'skill_clip_id', 'skill_pairs', 'skill_subset']

# Official action ids: 06 peel, 13 / 14 / 15 cut into chunks / strips / pieces, 18 crack an egg, 20 stir-fry.
CUT_ACTIONS = {'tomato': '13', 'potato': '13', 'eggplant': '13', 'pepper': '14', 'cucumber': '14', 'meat': '14',
               'green_vegetable': '15', 'garlic': '15', 'ginger': '15', 'tofu': '15'}
# Action id -> folder of exo reference clips.
SKILL_GROUPS = {'06': '06', '13': '131415', '14': '131415', '15': '131415', '18': '18', '20': '20'}
MIN_GAP = 0.10  # of quality
FLIPPED = 0.03  # share of pairs written the wrong way round: annotators err
MAX_PAIRS = 600  # of one action, both subsets together
TRAIN_CLIPS = 75  # percent of the clips from which training pairs are made


@dataclass(frozen=True)
class SkillPair:
    """Two ego clips of one action.

    Args:
        better (Clip): Clip called more skilful.
        worse (Clip): The other one.
    """

    better: Clip
    worse: Clip


def skill_action(clip: Clip) -> str | None:
    """Official id of the action shown by a clip.

    Args:
        clip (Clip): Fine action.

    Returns:
        str | None: Two digits, None when the benchmark has no such action.
    """
    if clip.verb == 'cut':
        return CUT_ACTIONS.get(clip.nouns[0])
    fixed = {('press', 'egg'): '18', ('mix', 'pan'): '20'}
    return '06' if clip.verb == 'remove' else fixed.get((clip.verb, clip.nouns[0]))


def skill_clip_id(clip: Clip) -> str:
    """Name of a clip in pair lists and of its feature file.

    Args:
        clip (Clip): Clip of one of the six actions.

    Returns:
        str: ``<action>_<video uid>_<start frame>_<end frame>``.
    """
    return f'{skill_action(clip)}_{clip.uid}_{clip.start_frame}_{clip.end_frame}'


def skill_subset(pair: SkillPair) -> str:
    """Subset of a pair: training pairs hold training clips only, so each val pair shows an unseen clip.

    Args:
        pair (SkillPair): The pair.

    Returns:
        str: ``'train'`` or ``'val'``.
    """
    seen = [zlib.crc32(skill_clip_id(clip).encode()) % 100 < TRAIN_CLIPS for clip in (pair.better, pair.worse)]
    return 'train' if all(seen) else 'val'


def skill_pairs(tables: Tables) -> list[SkillPair]:
    """Pairs of ego clips of the same action and other videos whose qualities differ clearly.

    At most 600 per action are drawn; 3 % are the wrong way round, and true pairs that would then close a cycle are
    left out, so the clean world has no cycles.

    Args:
        tables (Tables): Annotations.

    Returns:
        list[SkillPair]: Pairs in random order.
    """
    chosen = []
    for action in SKILL_GROUPS:
        clips = [clip for clip in tables.clips if clip.view == 'ego' and skill_action(clip) == action]
        generator = rng(tables.seed, action, 'skill pairs')
        chosen += _draw(clips, generator)
    order = rng(tables.seed, 'all', 'skill pairs').permutation(len(chosen))
    return [chosen[index] for index in order]


def _draw(clips: Sequence[Clip], generator: np.random.Generator) -> list[SkillPair]:
    """Pairs of one action, better clip first."""
    quality = np.array([clip.quality for clip in clips])
    videos = np.array([clip.uid for clip in clips])
    if len(clips) < 2:
        return []
    better, worse = np.nonzero((quality[:, None] - quality[None] > MIN_GAP) & (videos[:, None] != videos[None]))
    order = generator.permutation(len(better))[:MAX_PAIRS]
    num_flipped = round(FLIPPED * len(order))
    edges = [(worse[i], better[i]) for i in order[:num_flipped]] + [(better[i], worse[i]) for i in order[num_flipped:]]
    return [SkillPair(clips[high], clips[low]) for high, low in _without_cycles(edges, len(clips))]


def _without_cycles(edges: Sequence[tuple[int, int]], num_nodes: int) -> list[tuple[int, int]]:
    """Leave out each edge that would close a cycle with those before it."""
    reach = np.eye(num_nodes, dtype=bool)
    kept = []
    for high, low in edges:
        if reach[low, high]:
            continue
        reach[reach[:, high]] |= reach[low]
        kept.append((int(high), int(low)))
    return kept
