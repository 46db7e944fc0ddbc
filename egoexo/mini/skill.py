"""How skill shows: the quality of each action, its pace, tremor, rhythm, fumbles, and what an expert would remark."""

from dataclasses import dataclass

import numpy as np

from egoexo.mini.presets import MiniPreset, VideoPlan

__all__ = ['Execution', 'draw_execution', 'draw_skill']

# Novice, early, intermediate and late expert.
LEVEL_SKILL = (0.12, 0.40, 0.65, 0.90)
_TIP_EFFECTS = ('tremor', 'rhythm', 'fumble')
_GOOD_EFFECTS = ('steady', 'fluent')


@dataclass(frozen=True)
class Execution:
    """How one action is carried out.

    Args:
        quality (float): q in [0, 1].
        pace (float): Factor on the duration.
        tremor (float): Amplitude in metres.
        rhythm (float): Factor on the frequency.
        jitter (float): Standard deviation of the phase walk in radians per 1/25 s.
        fumble_sec (float): Wasted time before the action, 0 for none.
        event (str | None): ``'tip'``, ``'good_execution'`` or None.
        effect (str): What the event is about, empty without event.
    """

    quality: float
    pace: float
    tremor: float
    rhythm: float
    jitter: float
    fumble_sec: float
    event: str | None
    effect: str


def draw_skill(plan: VideoPlan, draw: np.random.Generator) -> float:
    """Skill of the actor: followers of all kinds, demonstrators who are experts, four levels in takes.

    Args:
        plan (VideoPlan): View and level.
        draw (np.random.Generator): Random stream.

    Returns:
        float: In [0, 1].
    """
    if plan.level is not None:
        return float(np.clip(LEVEL_SKILL[plan.level] + draw.normal(0, .05), 0, 1))
    return float(draw.uniform(.7, .98) if plan.view == 'exo' else draw.beta(2, 2))


def draw_execution(skill: float, preset: MiniPreset, draw: np.random.Generator) -> Execution:
    """Draw quality and its visible effects; the same number of draws whatever comes out.

    Args:
        skill (float): Skill of the actor.
        preset (MiniPreset): Knobs.
        draw (np.random.Generator): Random stream.

    Returns:
        Execution: Effects of one action.
    """
    quality = float(np.clip(skill + draw.normal(0, preset.quality_noise), 0, 1))
    pace_draw, fumble_draw, fumble_sec, event_draw = draw.random(4)
    effects = draw.integers((len(_TIP_EFFECTS), len(_GOOD_EFFECTS)))
    event, effect = None, ''
    if quality < preset.tip[0] and event_draw < preset.tip[1]:
        event, effect = 'tip', _TIP_EFFECTS[effects[0]]
    elif quality > preset.good[0] and event_draw < preset.good[1]:
        event, effect = 'good_execution', _GOOD_EFFECTS[effects[1]]
    fumbles = fumble_draw < preset.fumble * (1 - quality) ** 1.5
    fumble = .35 + .45 * fumble_sec if fumbles else 0.0
    tremor = preset.tremor[0] + preset.tremor[1] * (1 - quality) ** 1.3
    rhythm = preset.rhythm[0] + preset.rhythm[1] * quality
    if event == 'tip':
        fumble, tremor = 1.3 * (.35 + .45 * fumble_sec), 1.5 * tremor
    elif event == 'good_execution':
        fumble, tremor, rhythm = 0.0, .0005, 1.3 * rhythm
    pace = (.75 + .70 * pace_draw) * (1.25 - .45 * quality)
    return Execution(quality, pace, tremor, rhythm, .35 * (1 - quality), fumble, event, effect)
