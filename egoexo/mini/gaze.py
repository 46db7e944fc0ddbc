"""What the actor looks at, and where the head turns because of it."""

import numpy as np

from egoexo.mini.paths import follow_keys, low_pass, smooth_noise, unit
from egoexo.mini.presets import MiniPreset
from egoexo.mini.schedule import Schedule
from egoexo.mini.script import GRASP_SHARE, Script

__all__ = ['look_along', 'turn_head']

SACCADE_SEC = 0.06
_AHEAD = np.array([0.0, 0.8, -0.6])


def look_along(schedule: Schedule, script: Script, times: np.ndarray, fps: float, preset: MiniPreset,
               draw: np.random.Generator) -> np.ndarray:
    """Points looked at: the object or the work of the next action, set before the hand starts to move.

    Args:
        schedule (Schedule): Timed actions.
        script (Script): Targets.
        times (np.ndarray): Frame times in seconds, (T,).
        fps (float): Frames per second.
        preset (MiniPreset): ``saccade_lead``, ``look_away``.
        draw (np.random.Generator): Random stream.

    Returns:
        np.ndarray: World points, (T, 3).
    """
    keys = [(0.0, script.targets[0].look)]
    now = 0.0
    for move, target in zip(schedule.moves, script.targets, strict=True):
        away, place = draw.random(), draw.uniform((-.9, 1.15, 1.1), (.9, 1.15, 1.8))
        if move.first and move.begin_sec - now > 0.3 and away < preset.look_away:
            keys.append((now + 0.12, place + np.array([target.stand_x, 0, 0])))
        start, end = move.action.start_sec, move.action.end_sec
        keys.append((max(move.begin_sec - preset.saccade_lead, 0.0), target.look))
        if move.template.verb == 'take':
            work = np.array([target.stand_x, 0.50, 0.98])
            keys.append((start + (GRASP_SHARE + 0.1) * (end - start), work))
        now = end
    keys.sort(key=lambda key: key[0])
    key_times = np.array([time for time, _ in keys])
    point = follow_keys(times, key_times, np.array([value for _, value in keys]), transition_sec=SACCADE_SEC)
    point = low_pass(point, 0.03, fps)
    return point + 0.03 * smooth_noise(draw, times, 0.05, 3)


def turn_head(head: np.ndarray, gaze: np.ndarray, fps: float, preset: MiniPreset) -> np.ndarray:
    """Head direction: most of the smoothed gaze direction, some of straight ahead and down.

    Args:
        head (np.ndarray): Head centres, (T, 3).
        gaze (np.ndarray): Points looked at, (T, 3).
        fps (float): Frames per second.
        preset (MiniPreset): ``head_follows_gaze``.

    Returns:
        np.ndarray: Unit vectors, (T, 3).
    """
    share = preset.head_follows_gaze
    return unit(share * unit(low_pass(gaze, 0.25, fps) - head) + (1 - share) * _AHEAD)
