"""Goals of the two wrists and the walk along the counter, from the timed actions."""

from dataclasses import dataclass

import numpy as np

from egoexo.mini.paths import follow_keys, low_pass, smooth_noise
from egoexo.mini.schedule import Move, Schedule
from egoexo.mini.script import GRASP_SHARE, RELEASE_SHARE, Script, Target
from egoexo.mini.state import LEFT, RIGHT
from egoexo.mini.vocabulary import VERBS

__all__ = ['HandMotion', 'move_hands']

WALK_SPEED = 1.2
# The body sets out before the action begins, earlier when there is a gap.
LEAVE_SEC = (0.3, 0.6)
ARRIVE_SHARE = 0.22
RAMP_SEC = 0.15
# Left wrist relative to the right goal while working.
_LEFT_HOLD = np.array([-0.18, -0.02, 0.03])
_REST = {RIGHT: np.array([0.18, 0.36, 1.00]), LEFT: np.array([-0.20, 0.36, 1.00])}
_CARRY = np.array([0.06, 0.38, 1.06])


@dataclass(frozen=True)
class HandMotion:
    """Paths before the arms are clamped.

    Args:
        goals (np.ndarray): Wrist goals, right then left, (T, 2, 3).
        body_x (np.ndarray): (T,).
    """

    goals: np.ndarray
    body_x: np.ndarray


@dataclass
class _Keys:
    """Key times and values of the body and both hands while they are collected."""

    body: list[tuple[float, float]]
    right: list[tuple[float, np.ndarray]]
    left: list[tuple[float, np.ndarray]]


def move_hands(schedule: Schedule, script: Script, times: np.ndarray, fps: float, skill_tremor: float,
               draw: np.random.Generator) -> HandMotion:
    """Key frames, then the oscillation of each verb, then tremor.

    Args:
        schedule (Schedule): Timed actions.
        script (Script): Targets of the actions.
        times (np.ndarray): Frame times in seconds, (T,).
        fps (float): Frames per second.
        skill_tremor (float): Tremor in metres outside actions.
        draw (np.random.Generator): Random stream.

    Returns:
        HandMotion: Wrist goals and body position.
    """
    keys = _collect_keys(schedule, script, draw)
    body_x = follow_keys(times, *_stack(keys.body))[:, 0]
    goals = np.stack([follow_keys(times, *_stack(keys.right)), follow_keys(times, *_stack(keys.left))], 1)
    which = _covering(times, schedule.moves)
    goals += _oscillate(schedule, which, times, draw)
    amplitude = np.array([*(move.execution.tremor for move in schedule.moves), skill_tremor])[which]
    amplitude = low_pass(amplitude, 0.06, fps)[:, None]
    shake = smooth_noise(draw, times, 0.045, 6).reshape(-1, 2, 3)
    goals += shake * amplitude[:, :, None] * np.array([0.5, 0.35])[:, None]
    return HandMotion(goals, body_x)


def _stack(keys: list) -> tuple[np.ndarray, np.ndarray]:
    keys = sorted(keys, key=lambda key: key[0])
    return np.array([time for time, _ in keys]), np.array([np.atleast_1d(value) for _, value in keys])


def _collect_keys(schedule: Schedule, script: Script, draw: np.random.Generator) -> _Keys:
    """Walk through the actions once; all values are in the world."""
    stand = script.targets[0].stand_x
    keys = _Keys([(0.0, stand)], [(0.0, _rest(RIGHT, stand))], [(0.0, _rest(LEFT, stand))])
    now = 0.0
    for move, target in zip(schedule.moves, script.targets, strict=True):
        _rest_in_gap(keys, now, move.begin_sec, stand, target.stand_x)
        _fumble(keys, move, draw)
        touch = _touch_sec(move, abs(target.stand_x - stand))
        lead = min(max(move.begin_sec - now, LEAVE_SEC[0]), LEAVE_SEC[1])
        _walk(keys, move.action.start_sec - lead, touch, target.stand_x)
        stand = target.stand_x
        _act(keys, move, target, touch)
        now = move.action.end_sec
    _rest_in_gap(keys, now, schedule.duration_sec + 0.2, stand, stand)
    return keys


def _rest(hand: int, stand: float) -> np.ndarray:
    return _REST[hand] + np.array([stand, 0, 0])


def _rest_in_gap(keys: _Keys, start: float, stop: float, stand: float, following: float) -> None:
    """Hold the last pose until the next action, or lower the hands when there is time."""
    for hand, path in ((RIGHT, keys.right), (LEFT, keys.left)):
        if stop - start > 0.3:
            path.append((start + min(0.45, 0.6 * (stop - start)), _rest(hand, stand)))
            # On the way to the next place already.
            path.append((stop, _rest(hand, 0.6 * stand + 0.4 * following)))
        path.append((stop, path[-1][1]))


def _fumble(keys: _Keys, move: Move, draw: np.random.Generator) -> None:
    """A detour there and back; drawn for every action so that the stream does not depend on fumbles."""
    detours = draw.uniform((-.20, -.10, .02), (.20, .06, .14), (2, 3))
    start, stop = move.begin_sec, move.action.start_sec
    if stop <= start:
        return
    home = keys.right[-1][1]
    for share, detour in zip((0.3, 0.65), detours * [[1], [-.7]], strict=True):
        keys.right.append((start + share * (stop - start), home + detour * [1, 1, np.sign(share - .5) * -1]))
    keys.right.append((stop, home))
    keys.left.append((stop, keys.left[-1][1]))


def _touch_sec(move: Move, distance: float) -> float:
    """When the hand is at its target: a fixed share of the action, for work later after a long walk."""
    start, end = move.action.start_sec, move.action.end_sec
    share = {'take': GRASP_SHARE, 'put': RELEASE_SHARE}.get(move.template.verb)
    if share is None:
        walk = distance / WALK_SPEED - LEAVE_SEC[0]
        return start + min(max(ARRIVE_SHARE * (end - start), walk), 0.5 * (end - start))
    return start + share * (end - start)


def _walk(keys: _Keys, leave: float, touch: float, stand_x: float) -> None:
    """Body keys of one action: leave before it begins, be there when the hand is, hurrying if need be."""
    before, stand = keys.body[-1]
    leave = max(before, leave)
    arrive = leave + max(abs(stand_x - stand) / WALK_SPEED, 0.25)
    keys.body += [(leave, stand), (max(min(arrive, touch), leave + 0.05), stand_x)]


def _act(keys: _Keys, move: Move, target: Target, touch: float) -> None:
    """Hand keys of one action."""
    end = move.action.end_sec
    carry = _CARRY + np.array([target.stand_x, 0, 0])
    if move.template.verb in ('take', 'put'):
        keys.right += [(touch, target.wrist), (touch + 0.25 * (end - touch), target.wrist), (end, carry)]
        keys.left += [(touch, _rest(LEFT, target.stand_x)), (end, _rest(LEFT, target.stand_x))]
        return
    keys.right += [(touch, target.wrist), (end, target.wrist)]
    keys.left += [(touch, target.wrist + _LEFT_HOLD), (end, target.wrist + _LEFT_HOLD)]


def _covering(times: np.ndarray, moves: tuple[Move, ...]) -> np.ndarray:
    """Index of the move (fumble included) that covers each frame, -1 for none."""
    index = np.searchsorted([move.begin_sec for move in moves], times, side='right') - 1
    ends = np.array([move.action.end_sec for move in moves])
    return np.where((index >= 0) & (times < ends[index]), index, -1)


def _oscillate(schedule: Schedule, which: np.ndarray, times: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """A (cos, sin, sin) of a jittered phase, faded in after the hand arrives; the left hand in counter phase."""
    moves = schedule.moves
    # One row more for "no action".
    rows = np.zeros((len(moves) + 1, 9))
    phases = draw.uniform(0, 2 * np.pi, len(moves))
    for index, move in enumerate(moves):
        verb = VERBS[move.template.verb]
        start, end = move.action.start_sec, move.action.end_sec
        rows[index] = (*verb.amplitude, verb.frequency * move.execution.rhythm, phases[index], verb.two_handed,
                       start + ARRIVE_SHARE * (end - start), end, move.execution.jitter)
    row = rows[which]
    count = int(schedule.duration_sec * 25) + 2
    walk = np.cumsum(draw.standard_normal(count) * np.interp(np.arange(count) / 25, times, row[:, 8]))
    phase = 2 * np.pi * row[:, 3] * (times - row[:, 6]) + row[:, 4] + np.interp(times, np.arange(count) / 25, walk)
    window = np.clip(np.minimum(times - row[:, 6], row[:, 7] - times) / RAMP_SEC, 0, 1)
    wave = np.stack([np.cos(phase), np.sin(phase), np.sin(phase)], 1) * row[:, :3] * window[:, None]
    return np.stack([wave, -wave * row[:, 5:6]], 1)
