"""What a layout writer gets to know about one synchronised take."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from egoexo.mini.narrators import Description

if TYPE_CHECKING:
    from egoexo.mini.object_masks import ObjectMask
    from egoexo.mini.presets import VideoPlan
    from egoexo.mini.state import TakeState

__all__ = ['TakeRecord']


@dataclass(frozen=True)
class TakeRecord:
    """One finished take.

    Args:
        plan (VideoPlan): uid, task, split, level.
        state (TakeState): Steps, actions and events; its long arrays may have been emptied to save memory.
        duration_sec (float): As written, see :func:`~egoexo.mini.take_job.take_duration`.
        descriptions (list[list[Description]]): Sentences of each annotator.
        video_paths (dict[str, Path]): Camera, the head camera first, to its mp4.
        ego_size (int): Side of the ego picture in pixels.
        exo_size (tuple[int, int]): Width and height of the exo pictures.
        masks (dict[str, dict[str, dict[int, ObjectMask]]]): Object -> camera -> frame -> what is seen of it, see
            :func:`~egoexo.mini.object_masks.see_objects`.
    """

    plan: 'VideoPlan'
    state: 'TakeState'
    duration_sec: float
    descriptions: list[list[Description]]
    video_paths: dict[str, Path]
    ego_size: int
    exo_size: tuple[int, int]
    masks: dict[str, dict[str, dict[int, 'ObjectMask']]]
