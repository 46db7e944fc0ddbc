"""``simulate``: from the plan of a video to its complete state."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from egoexo.mini.appearance import draw_appearance
from egoexo.mini.body import bend_elbows, build_hands, build_joints, build_torso, clamp_wrists
from egoexo.mini.gaze import look_along, turn_head
from egoexo.mini.hand_motion import move_hands
from egoexo.mini.kitchen import lay_out
from egoexo.mini.object_motion import move_objects
from egoexo.mini.paths import low_pass, smooth_noise
from egoexo.mini.presets import MiniPreset, VideoPlan
from egoexo.mini.procedure import get_recipe, order_steps
from egoexo.mini.schedule import Move, Schedule, make_schedule
from egoexo.mini.script import write_script
from egoexo.mini.seeding import rng
from egoexo.mini.skill import draw_skill
from egoexo.mini.state import CoarseStep, FineAction, TakeState

__all__ = ['simulate']


def simulate(plan: VideoPlan, preset: MiniPreset, seed: int) -> TakeState:
    """Perform a procedure: everything of a video except its pixels.

    The result depends on nothing but the arguments. Paths are computed for all frames at once.

    Args:
        plan (VideoPlan): Which video.
        preset (MiniPreset): Knobs.
        seed (int): Seed of the world.

    Returns:
        TakeState: The state on the frame grid of the video, validated.
    """
    def stream(purpose: str) -> np.random.Generator:
        return rng(seed, plan.world_uid, purpose)

    actor = stream('actor')
    skill, height = draw_skill(plan, actor), float(np.clip(actor.normal(1, .03), .92, 1.08))
    recipe = get_recipe(plan.task, preset)
    schedule, history = _perform(plan, preset, skill, stream)
    kitchen = lay_out(recipe, preset, stream('kitchen'))
    script = write_script(kitchen, history, schedule.moves)

    num_frames = int(schedule.duration_sec * plan.fps)
    times = np.arange(num_frames) / plan.fps
    resting_tremor = preset.tremor[0] + preset.tremor[1] * (1 - skill) ** 1.3
    motion = move_hands(schedule, script, times, plan.fps, resting_tremor, stream('hands'))
    torso = build_torso(motion.goals, motion.body_x, height, times, plan.fps, stream('sway'))
    wrists = clamp_wrists(motion.goals, torso.shoulders, height)
    elbows = bend_elbows(torso.shoulders, wrists, height)
    position, is_cut, holder = move_objects(kitchen, script.events, wrists, times)
    gaze = look_along(schedule, script, times, plan.fps, preset, stream('gaze'))
    head_direction = turn_head(torso.head, gaze, plan.fps, preset)
    grips = _grips(schedule.moves, holder, times, plan.fps)
    curl = np.clip(.25 + .12 * smooth_noise(stream('fingers'), times, .3, 2), 0, .5) + .5 * grips
    state = TakeState(
        uid=plan.uid, population=plan.population, view=plan.view, task=plan.task, seed=seed, fps=plan.fps,
        num_frames=num_frames, skill=skill, level=plan.level, height_factor=height, wrists=wrists, grips=grips,
        body_x=motion.body_x,
        joints=build_joints(torso, elbows, wrists, head_direction, motion.body_x, height, plan.fps),
        hands=build_hands(wrists, elbows, curl), head_position=torso.head, head_direction=head_direction,
        gaze_point=gaze, object_names=kitchen.names, object_position=position, object_cut=is_cut, object_holder=holder,
        object_half_size=kitchen.half_size, distractor_position=kitchen.distractor_position,
        distractor_half_size=kitchen.distractor_half_size,
        style=draw_appearance(kitchen, preset, plan.view, stream('style')), steps=schedule.steps,
        actions=tuple(move.action for move in schedule.moves), events=schedule.events)
    state.validate()
    return state


def _perform(plan: VideoPlan, preset: MiniPreset, skill: float,
             stream: Callable[[str], np.random.Generator]) -> tuple[Schedule, tuple[Move, ...]]:
    """Timed actions of the video and those of the same performance before it starts."""
    planned = order_steps(get_recipe(plan.task, preset), preset, skill, stream('steps'))
    if plan.population == 'B':
        pick = stream('window')
        size = min(int(pick.integers(preset.take_steps[0], preset.take_steps[1] + 1)), len(planned))
        first = int(pick.integers(0, len(planned) - size + 1))
        schedule = make_schedule(planned[:first + size], plan, preset, skill, stream('times'))
        return _crop(schedule, first, float(pick.uniform(.4, .9)))
    if not plan.uncut and preset.max_steps is not None:
        planned = planned[:preset.max_steps]
    return make_schedule(planned, plan, preset, skill, stream('times')), ()


def _crop(schedule: Schedule, first: int, lead_sec: float) -> tuple[Schedule, tuple[Move, ...]]:
    """Start the video ``lead_sec`` before step ``first``; what was done before becomes history."""
    shift = schedule.steps[first].start_sec - lead_sec

    def moved(span: FineAction | CoarseStep, **changes: int) -> FineAction | CoarseStep:
        start, end = round(span.start_sec - shift, 3), round(span.end_sec - shift, 3)
        return replace(span, start_sec=start, end_sec=end, **changes)

    history = tuple(move for move in schedule.moves if move.action.step_index < first)
    moves = tuple(replace(move, action=moved(move.action, step_index=move.action.step_index - first),
                          begin_sec=round(move.begin_sec - shift, 3))
                  for move in schedule.moves[len(history):])
    events = tuple(replace(event, time_sec=round(event.time_sec - shift, 3),
                           action_index=event.action_index - len(history))
                   for event in schedule.events if event.action_index >= len(history))
    steps = tuple(moved(step) for step in schedule.steps[first:])
    return Schedule(round(schedule.duration_sec - shift, 3), steps, moves, events), history


def _grips(moves: tuple[Move, ...], holder: np.ndarray, times: np.ndarray, fps: float) -> np.ndarray:
    """How closed each hand is: the right one when it holds something, the left one in two-handed work; (T, 2)."""
    right = (holder > 0).any(1).astype(float)
    left = np.zeros(len(times))
    for move in moves:
        if move.action.hand == 'both':
            left[(times >= move.action.start_sec) & (times < move.action.end_sec)] = 1
    return low_pass(np.stack([right, left], 1), 0.08, fps)
