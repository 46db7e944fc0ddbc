from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from egoexo.mini.presets import PRESETS, plan_videos
from egoexo.mini.procedure import PlannedStep
from egoexo.mini.schedule import make_schedule
from egoexo.mini.vocabulary import TEMPLATES

PRESET = PRESETS['default']
PLANNED = [PlannedStep(1, 0, True), PlannedStep(12, 1, True, (0,)), PlannedStep(26, -1, False)]


def _schedule(seed=0, skill=0.5, preset=PRESET, index=0):
    plan = plan_videos(preset, 0)[index]
    return make_schedule(PLANNED, plan, preset, skill, np.random.default_rng(seed))


def test_steps_carry_the_plan_and_span_their_actions():
    schedule = _schedule()
    assert [(step.class_id, step.node, step.is_mistake) for step in schedule.steps] == [
        (1, 0, False), (12, 1, True), (26, -1, False)]
    assert schedule.steps[1].missing == (0,)
    for index, step in enumerate(schedule.steps):
        moves = [move for move in schedule.moves if move.action.step_index == index]
        assert [move.action.verb for move in moves] == [action.verb for action in TEMPLATES[step.class_id]]
        assert (moves[0].begin_sec, moves[-1].action.end_sec) == (step.start_sec, step.end_sec)
        assert [move.first for move in moves] == [True] + [False] * (len(moves) - 1)
    assert schedule.duration_sec > schedule.steps[-1].end_sec


def test_actions_follow_each_other_with_only_fumbles_between():
    moves = _schedule(seed=3, skill=0.1).moves
    for before, after in pairwise(moves[:3]):
        assert after.begin_sec == before.action.end_sec
    for move in moves:
        gap = move.action.start_sec - move.begin_sec
        assert gap == pytest.approx(move.execution.fumble_sec, abs=0.0011)
    assert any(move.execution.fumble_sec for move in moves)


def test_exo_demonstrators_are_faster_by_the_ratio_of_tempos():
    ego = _schedule(skill=0.9)
    exo = _schedule(skill=0.9, index=40)
    ratio = [(e.action.end_sec - e.action.start_sec) / (x.action.end_sec - x.action.start_sec)
             for e, x in zip(ego.moves, exo.moves, strict=True)]
    assert ratio == pytest.approx([1.6 / 1.25] * len(ratio), abs=0.01)


def test_tip_lies_in_the_fumble_and_praise_in_the_action():
    found = set()
    for seed in range(20):
        for skill in (0.1, 0.95):
            schedule = _schedule(seed, skill)
            for event in schedule.events:
                move = schedule.moves[event.action_index]
                low, high = ((move.begin_sec, move.action.start_sec) if event.kind == 'tip'
                             else (move.action.start_sec, move.action.end_sec))
                assert event.time_sec == pytest.approx((low + high) / 2, abs=0.001)
                assert event.object_name == move.action.nouns[0]
                found.add(event.kind)
    assert found == {'tip', 'good_execution'}


def test_gap_probability_zero_leaves_none_between_steps():
    schedule = _schedule(preset=replace(PRESET, gap=0.0))
    ends = [step.end_sec for step in schedule.steps[:-1]]
    assert ends == [step.start_sec for step in schedule.steps[1:]]
