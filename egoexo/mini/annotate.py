"""From world states to neutral tables: one row per coarse step and one per fine action, with texts and subsets.

Writers of the layouts turn these rows into official files; they add names of files and columns, never content.
"""

import hashlib
import math
import string
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from egoexo.errors import AnnotationError
from egoexo.mini.presets import MiniPreset
from egoexo.mini.record import VideoRecord
from egoexo.mini.text import Narration, coarse_text, narrate

__all__ = ['Clip', 'Step', 'Tables', 'annotation_id', 'build_tables', 'subset_of']

SUBSETS = ('train', 'val', 'test')
# Upper bounds in percent of the segment subsets: 55 / 15 / 30, over annotation ids and not over videos, as released.
SUBSET_BOUNDS = (55, 70, 100)
_ALPHABET = string.digits + string.ascii_letters


@dataclass(frozen=True)
class Clip:
    """One fine action as annotated.

    Args:
        annotation_id (str): Eight letters or digits, unique in the world.
        uid (str): Video.
        view (str): ``'ego'`` or ``'exo'``.
        task (str): Recipe.
        subset (str): Subset of the segment, ``'train'``, ``'val'`` or ``'test'``; not the split of the video.
        start_sec (float): Start on the annotators' grid of 0.1 s.
        end_sec (float): End on the same grid, later than ``start_sec``.
        start_frame (int): First frame.
        end_frame (int): Frame after the last one.
        verb (str): Verb name.
        nouns (tuple[str, ...]): Object names, the acted-on one first.
        tool (str | None): Object held in the hand.
        quality (float): Quality of execution in [0, 1].
        step_index (int): Index of the coarse step of the video.
        narration (Narration): Texts.
    """

    annotation_id: str
    uid: str
    view: str
    task: str
    subset: str
    start_sec: float
    end_sec: float
    start_frame: int
    end_frame: int
    verb: str
    nouns: tuple[str, ...]
    tool: str | None
    quality: float
    step_index: int
    narration: Narration

    @property
    def key(self) -> tuple[str, ...]:
        """Verb and nouns: what two clips of the same action share."""
        return (self.verb, *self.nouns)


@dataclass(frozen=True)
class Step:
    """One coarse step as annotated.

    Args:
        annotation_id (str): Eight letters or digits.
        class_id (int): Official coarse class, 1..27.
        start_sec (float): Exact start.
        end_sec (float): Exact end, exclusive.
        text (str): Fine narrations as numbered sentences.
    """

    annotation_id: str
    class_id: int
    start_sec: float
    end_sec: float
    text: str


@dataclass(frozen=True)
class Tables:
    """All annotations of a world.

    Args:
        seed (int): Seed of the world.
        records (tuple[VideoRecord, ...]): Videos, ego before exo, in world order.
        clips (tuple[Clip, ...]): Fine actions in order of video and time.
        steps (dict[str, tuple[Step, ...]]): Coarse steps of each video in time order.
    """

    seed: int
    records: tuple[VideoRecord, ...]
    clips: tuple[Clip, ...]
    steps: dict[str, tuple[Step, ...]]

    def select_clips(self, view: str, subset: str) -> list[Clip]:
        """Clips of one view and segment subset in table order."""
        return [clip for clip in self.clips if clip.view == view and clip.subset == subset]

    def select_uids(self, view: str, split: str, *, gaze: bool = False) -> list[str]:
        """Videos of one view and split in world order.

        Args:
            view (str): ``'ego'`` or ``'exo'``.
            split (str): ``'train'``, ``'val'`` or ``'test'``.
            gaze (bool): Keep only videos with gaze.

        Returns:
            list[str]: Video identifiers.
        """
        plans = [record.plan for record in self.records]
        return [plan.uid for plan in plans
                if plan.view == view and plan.split == split and (plan.has_gaze or not gaze)]


def annotation_id(seed: int, uid: str, kind: str, index: int) -> str:
    """Identifier of an annotation: eight letters or digits, as in the release.

    Args:
        seed (int): Seed of the world.
        uid (str): Video.
        kind (str): ``'fine'`` or ``'coarse'``.
        index (int): Number inside the video.

    Returns:
        str: The identifier.
    """
    number = int.from_bytes(hashlib.sha256(f'{seed}|{uid}|{kind}|{index}'.encode()).digest()[:8], 'big')
    letters = []
    for _ in range(8):
        number, digit = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[digit])
    return ''.join(letters)


def subset_of(identifier: str) -> str:
    """Subset of a segment, a function of its identifier alone.

    Args:
        identifier (str): Annotation id.

    Returns:
        str: ``'train'`` (55 %), ``'val'`` (15 %) or ``'test'`` (30 %).
    """
    percent = zlib.crc32(identifier.encode()) % 100
    return next(name for name, bound in zip(SUBSETS, SUBSET_BOUNDS, strict=True) if percent < bound)


def build_tables(records: Sequence[VideoRecord], preset: MiniPreset, seed: int) -> Tables:
    """Read every annotation off the states.

    Args:
        records (Sequence[VideoRecord]): Finished videos of population A.
        preset (MiniPreset): Knobs; ``text_noise`` is used.
        seed (int): Seed of the world.

    Returns:
        Tables: Rows, independent of the order of ``records``' making.

    Raises:
        AnnotationError: A video is listed twice.
    """
    ordered = sorted(records, key=lambda record: (record.plan.view, record.plan.index))
    uids = [record.plan.uid for record in ordered]
    if len(set(uids)) < len(uids):
        twice = sorted({uid for uid in uids if uids.count(uid) > 1})
        raise AnnotationError(f'expected each video once, found {", ".join(twice)} twice; check plan_videos().')
    clips: list[Clip] = []
    steps = {}
    for record in ordered:
        own = _clips(record, preset.text_noise, seed)
        clips += own
        steps[record.plan.uid] = _steps(record, own, seed)
    return Tables(seed, tuple(ordered), tuple(clips), steps)


def _clips(record: VideoRecord, noise: float, seed: int) -> list[Clip]:
    """Annotated fine actions of one video."""
    plan, state = record.plan, record.state
    last = math.floor(state.duration_sec * 10) / 10
    clips = []
    for index, action in enumerate(state.actions):
        identifier = annotation_id(seed, plan.uid, 'fine', index)
        start = round(float(action.start_sec), 1)
        clips.append(Clip(
            annotation_id=identifier, uid=plan.uid, view=plan.view, task=plan.task, subset=subset_of(identifier),
            # Rounding must neither empty a clip nor push it past the end of the video.
            start_sec=start, end_sec=max(min(round(float(action.end_sec), 1), last), round(start + 0.1, 1)),
            start_frame=round(action.start_sec * state.fps), end_frame=round(action.end_sec * state.fps),
            verb=action.verb, nouns=tuple(action.nouns), tool=action.tool, quality=float(action.quality),
            step_index=action.step_index,
            narration=narrate(action, seed=seed, uid=plan.uid, index=index, task=plan.task, noise=noise)))
    return clips


def _steps(record: VideoRecord, clips: Sequence[Clip], seed: int) -> tuple[Step, ...]:
    """Annotated coarse steps of one video."""
    uid = record.plan.uid
    return tuple(
        Step(annotation_id(seed, uid, 'coarse', index), step.class_id, float(step.start_sec), float(step.end_sec),
             coarse_text([clip.narration for clip in clips if clip.step_index == index]))
        for index, step in enumerate(record.state.steps))
