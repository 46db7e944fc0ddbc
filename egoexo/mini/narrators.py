"""What two annotators wrote while they watched a synchronised take: one sentence per action they noticed."""

from dataclasses import dataclass

import numpy as np

from egoexo.mini.camera import EGO_CAMERA, CameraPath
from egoexo.mini.render import HAND_IDS, render_ids
from egoexo.mini.seeding import rng
from egoexo.mini.state import FineAction, TakeState
from egoexo.mini.text import narrate

__all__ = ['NUM_ANNOTATORS', 'Description', 'hand_areas', 'narrate_take']

NUM_ANNOTATORS = 2
VISIBLE_PIXELS = 8  # smaller areas count as unseen
MISSED = 0.08  # share of the actions an annotator does not write about
NO_CAMERA = 0.05  # share of the descriptions without a best camera
_INSIDE, _LATE_SEC = (0.2, 0.6), 0.3


@dataclass(frozen=True)
class Description:
    """One sentence of one annotator.

    Args:
        text (str): Begins with the subject, ``'C cuts the tomato.'``.
        time_sec (float): When it was written down.
        frame (int): Frame of that moment.
        ego_visible (bool): The head camera shows a hand.
        unsure (bool): The annotator could not name the action.
        best_exo (str | None): Static camera that shows most of the hands.
    """

    text: str
    time_sec: float
    frame: int
    ego_visible: bool
    unsure: bool
    best_exo: str | None


def narrate_take(state: TakeState, cameras: dict[str, CameraPath], noise: float) -> list[list[Description]]:
    """Sentences of every annotator in the order of time.

    Args:
        state (TakeState): Take, with all its paths.
        cameras (dict[str, CameraPath]): Cameras by name.
        noise (float): Share of defective sentences.

    Returns:
        list[list[Description]]: One list per annotator; paraphrase, moment and mistakes are each annotator's own.
    """
    return [_narrate(state, cameras, noise, annotator) for annotator in range(NUM_ANNOTATORS)]


def hand_areas(state: TakeState, cameras: dict[str, CameraPath], frame: int) -> dict[str, int]:
    """Visible pixels of both hands in one frame.

    Args:
        state (TakeState): Take.
        cameras (dict[str, CameraPath]): Cameras by name.
        frame (int): Frame.

    Returns:
        dict[str, int]: Camera to pixels, whatever covers the hands left out.
    """
    return {name: int(np.isin(render_ids(state, camera, frame, frame + 1), HAND_IDS).sum())
            for name, camera in cameras.items()}


def _narrate(state: TakeState, cameras: dict[str, CameraPath], noise: float, annotator: int) -> list[Description]:
    """Sentences of one annotator."""
    name = f'{state.uid}|annotator{annotator}'
    draw = rng(state.seed, name, 'watch')
    descriptions = []
    for index, action in enumerate(state.actions):
        place, late, missed, no_camera, doubt = draw.random(5)
        if missed < MISSED:
            continue
        text = narrate(action, seed=state.seed, uid=name, index=index, task=state.task, noise=noise, subject='C')
        time = _moment(action, place, late, state)
        frame = min(int(time * state.fps), state.num_frames - 1)
        areas = hand_areas(state, cameras, frame)
        seen = areas.pop(EGO_CAMERA) >= VISIBLE_PIXELS
        best = max(areas, key=areas.get)
        if areas[best] < VISIBLE_PIXELS or no_camera < NO_CAMERA:
            best = None
        unsure = bool(doubt < (0.6 if text.kind == 'generic' else 0.02))
        sentence = text.en if draw.random() < 0.5 else text.no_hand
        descriptions.append(Description(sentence, time, frame, seen, unsure, best))
    return sorted(descriptions, key=lambda description: description.time_sec)


def _moment(action: FineAction, place: float, late: float, state: TakeState) -> float:
    """A moment inside the action plus the annotator's delay, never after the last frame."""
    inside = action.start_sec + (_INSIDE[0] + place * (_INSIDE[1] - _INSIDE[0])) * (action.end_sec - action.start_sec)
    return round(min(inside + late * _LATE_SEC, (state.num_frames - 1) / state.fps), 4)
