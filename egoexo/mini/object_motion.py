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
    for event in events:
        first = int(np.searchsorted(times, event.time_sec - 1e-9))
        if first >= num_frames:
            continue
        k = event.index
        # Where it would be without the event; that place fades out.
        before = position[first, k].copy()
        after = wrists[first:, RIGHT] + event.place if event.holder else np.broadcast_to(event.place, (1, 3))
        fade = np.clip(1 - (times[first:] - event.time_sec) / GLIDE_SEC, 0, 1)[:, None] ** 2
        if event.time_sec < 0:
            fade[:] = 0
        position[first:, k] = after + fade * (before - after[:1])
        is_cut[first:, k] = event.is_cut
        holder[first:, k] = event.holder
    return position, is_cut, holder
