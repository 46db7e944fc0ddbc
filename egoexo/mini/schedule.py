"""From ordered steps to times: every fine action, its fumble, the gaps between steps, the skill events."""

from dataclasses import dataclass

import numpy as np

from egoexo.mini.presets import MiniPreset, VideoPlan
from egoexo.mini.procedure import PlannedStep
from egoexo.mini.skill import Execution, draw_execution
from egoexo.mini.state import CoarseStep, FineAction, SkillEvent
from egoexo.mini.vocabulary import TEMPLATES, VERBS, TemplateAction

__all__ = ['Move', 'Schedule', 'make_schedule']


@dataclass(frozen=True)
class Move:
    """A fine action with all that its motion needs.

    Args:
        action (FineAction): Labels and times.
        template (TemplateAction): Verb, nouns, station, tool.
        execution (Execution): Effects of skill.
        class_id (int): Coarse class of its step.
        first (bool): First action of its step.
        last (bool): Last action of its step.
        begin_sec (float): Start of the fumble, else of the action.
    """

    action: FineAction
    template: TemplateAction
    execution: Execution
    class_id: int
    first: bool
    last: bool
    begin_sec: float


@dataclass(frozen=True)
class Schedule:
    """A timed performance.

    Args:
        duration_sec (float): Length of the video.
        steps (tuple[CoarseStep, ...]): Coarse steps.
        moves (tuple[Move, ...]): Fine actions.
        events (tuple[SkillEvent, ...]): Skill events.
    """

    duration_sec: float
    steps: tuple[CoarseStep, ...]
    moves: tuple[Move, ...]
    events: tuple[SkillEvent, ...]


def make_schedule(planned: list[PlannedStep], plan: VideoPlan, preset: MiniPreset, skill: float,
                  draw: np.random.Generator) -> Schedule:
    """Give every step and action its time.

    Args:
        planned (list[PlannedStep]): Steps in order.
        plan (VideoPlan): View and population choose the tempo.
        preset (MiniPreset): Knobs.
        skill (float): Skill of the actor.
        draw (np.random.Generator): Random stream.

    Returns:
        Schedule: Times in seconds, rounded to milliseconds.
    """
    tempo = _tempo(plan, preset)
    now = float(draw.uniform(*preset.gap_sec))
    steps, moves = [], []
    for index, step in enumerate(planned):
        start = _round(now)
        for move in _perform(step, index, start, tempo, skill, preset, draw):
            moves.append(move)
            now = move.action.end_sec
        steps.append(CoarseStep(step.class_id, step.node, start, _round(now), step.is_essential, bool(step.missing),
                                step.missing))
        gap, length = draw.random(), draw.uniform(*preset.gap_sec)
        if gap < preset.gap or index == len(planned) - 1:
            now += length
    return Schedule(_round(now), tuple(steps), tuple(moves), tuple(_events(moves)))


def _perform(step: PlannedStep, index: int, now: float, tempo: float, skill: float, preset: MiniPreset,
             draw: np.random.Generator) -> list[Move]:
    """Fine actions of one step, one directly after the other."""
    template = TEMPLATES[step.class_id]
    moves = []
    for rank, action in enumerate(template):
        verb = VERBS[action.verb]
        execution = draw_execution(skill, preset, draw)
        begin = _round(now)
        start = _round(now + execution.fumble_sec)
        now = _round(start + verb.base_sec * execution.pace / tempo)
        hand = 'both' if verb.two_handed else 'right'
        fine = FineAction(action.verb, action.nouns, action.station, action.tool, start, now, execution.quality, index,
                          hand)
        moves.append(Move(fine, action, execution, step.class_id, rank == 0, rank == len(template) - 1, begin))
    return moves


def _events(moves: list[Move]) -> list[SkillEvent]:
    """A tip in the middle of the fumble, praise in the middle of the action."""
    events = []
    for index, move in enumerate(moves):
        kind, action = move.execution.event, move.action
        if kind is None:
            continue
        span = (move.begin_sec, action.start_sec) if kind == 'tip' else (action.start_sec, action.end_sec)
        events.append(SkillEvent(kind, _round(sum(span) / 2), index, move.execution.effect, action.nouns[0]))
    return events


def _tempo(plan: VideoPlan, preset: MiniPreset) -> float:
    if plan.population == 'B':
        return preset.take_tempo
    tempo = preset.ego_tempo if plan.view == 'ego' else preset.exo_tempo
    return tempo * (preset.uncut_tempo if plan.uncut and preset.max_steps is not None else 1.0)


def _round(seconds: float) -> float:
    return round(float(seconds), 3)
