"""Object paths: at rest, or at a fixed offset from the wrist that holds them, with short glides in between."""

import numpy as np

from egoexo.mini.kitchen import Kitchen
from egoexo.mini.script import ObjectEvent
from egoexo.mini.state import RIGHT

__all__ = ['move_objects']

GLIDE_SEC = 0.18


def move_objects(kitchen: Kitchen, events: tuple[ObjectEvent, ...], wrists: np.ndarray,
                 times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions, cut flags and holders of all objects; one pass over the events, not over the frames.

    Args:
        kitchen (Kitchen): Objects and home places, K.
        events (tuple[ObjectEvent, ...]): In time order.
        wrists (np.ndarray): (T, 2, 3), final.
        times (np.ndarray): Frame times in seconds, (T,).

    Returns:
        tuple[np.ndarray, np.ndarray, np.ndarray]: Positions (T, K, 3), cut (T, K) bool, holder (T, K) int8.
    """
    num_frames, num_objects = len(times), len(kitchen.names)
    position = np.repeat(kitchen.home[None], num_frames, axis=0)
    is_cut = np.zeros((num_frames, num_objects), bool)
    holder = np.zeros((num_frames, num_objects), np.int8)
    for index in range(num_objects):
        own = [event for event in events if event.index == index]
        firsts = np.searchsorted(times, [event.time_sec - 1e-9 for event in own]).tolist()
        for event, first, following in zip(own, firsts, (*firsts[1:], num_frames), strict=False):
            # One frame further than needed: where the object would be is where the next glide begins.
            span = slice(first, min(following + 1, num_frames))
            if span.start >= span.stop:
                continue
            begin = position[first, index].copy()
            position[span, index] = wrists[span, RIGHT] + event.place if event.holder else event.place
            if event.time_sec >= 0:
                _glide(position[span, index], begin, times[span] - event.time_sec)
            is_cut[span, index] = event.is_cut
            holder[span, index] = event.holder
    return position, is_cut, holder


def _glide(path: np.ndarray, begin: np.ndarray, elapsed: np.ndarray) -> None:
    """Fade out the step between where the object would be and where it now belongs, in place; path (n, 3)."""
    count = int(np.searchsorted(elapsed, GLIDE_SEC))
    fade = (1 - elapsed[:count, None] / GLIDE_SEC) ** 2
    path[:count] += fade * (begin - path[0])
