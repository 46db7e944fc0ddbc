"""Rows of the annotation files of EPIC-KITCHENS-100: one per fine action of the videos of population C."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from egoexo.mini.layouts.epic_classes import NOUN_IDS, VERB_IDS, VERB_WORDS, noun_form, verb_form
from egoexo.mini.layouts.epic_names import ANNOTATIONS, participant
from egoexo.mini.layouts.files import write_csv
from egoexo.mini.seeding import rng
from egoexo.mini.vocabulary import OBJECTS

if TYPE_CHECKING:
    from egoexo.mini.epic_record import EpicRecord
    from egoexo.mini.state import FineAction

__all__ = ['HEADER', 'EpicRow', 'build_rows', 'frame_number', 'write_rows', 'write_video_info']

FRAME_RATE = 50  # of extension videos, by which official tables turn seconds into frame numbers
SYNONYM = 0.5  # share of the narrations that do not use the plain verb
SECOND_NOUN = 0.5  # share of the actions with two objects whose narration names both
HEADER = ('narration_id', 'participant_id', 'video_id', 'narration_timestamp', 'start_timestamp', 'stop_timestamp',
          'start_frame', 'stop_frame', 'narration', 'verb', 'verb_class', 'noun', 'noun_class', 'all_nouns',
          'all_noun_classes')
NUM_UNLABELLED = 8  # columns of the file without labels


@dataclass(frozen=True)
class EpicRow:
    """One action segment; the fields are the official columns.

    Args:
        narration_id (str): Video and number, e.g. ``'P01_101_7'``.
        participant_id (str): Who cooks.
        video_id (str): Video.
        narration_timestamp (str): When it was said, ``HH:MM:SS.mmm``; empty when that is missing.
        start_timestamp, stop_timestamp (str): ``HH:MM:SS.cc``.
        start_frame, stop_frame (int): Numbers of the first and the last frame, from 1.
        narration (str): What was said.
        verb (str): Verb of the narration.
        verb_class (int): Its class.
        noun (str): First noun of the narration.
        noun_class (int): Its class.
        all_nouns (tuple[str, ...]): All nouns of the narration.
        all_noun_classes (tuple[int, ...]): Their classes.
    """

    narration_id: str
    participant_id: str
    video_id: str
    narration_timestamp: str
    start_timestamp: str
    stop_timestamp: str
    start_frame: int
    stop_frame: int
    narration: str
    verb: str
    verb_class: int
    noun: str
    noun_class: int
    all_nouns: tuple[str, ...]
    all_noun_classes: tuple[int, ...]

    def cells(self) -> tuple:
        """The row as the table has it, lists as Python literals."""
        values = [getattr(self, name) for name in HEADER]
        return *values[:-2], list(self.all_nouns), list(self.all_noun_classes)


def build_rows(record: 'EpicRecord', seed: int) -> list[EpicRow]:
    """Annotations of one video.

    Args:
        record (EpicRecord): Ego video of population C.
        seed (int): Seed of the world.

    Returns:
        list[EpicRow]: In time order.
    """
    return [_row(record, index, action, seed) for index, action in enumerate(record.state.actions)]


def frame_number(timestamp: str) -> int:
    """Number of the frame at a time, by the rule of the official tables.

    Args:
        timestamp (str): ``HH:MM:SS.cc``.

    Returns:
        int: At least 1.
    """
    hours, minutes, seconds = timestamp.split(':')
    return max(1, math.floor((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * FRAME_RATE))


def write_rows(root: Path, rows: dict[str, Sequence[EpicRow]], seed: int) -> None:
    """Write the tables of the training, validation and test rows, the last without labels.

    One row of each labelled table lacks the time of its narration, as some of the release do.

    Args:
        root (Path): Root of the layout.
        rows (dict[str, Sequence[EpicRow]]): Rows of ``'train'``, ``'validation'`` and ``'test'``.
        seed (int): Seed of the world.
    """
    folder = root / ANNOTATIONS
    for name in ('train', 'validation'):
        cells = [row.cells() for row in rows[name]]
        silent = int(rng(seed, 'epic', f'missing timestamp:{name}').integers(len(cells)))
        cells[silent] = tuple('' if title == 'narration_timestamp' else cell
                              for title, cell in zip(HEADER, cells[silent], strict=True))
        write_csv(folder / f'EPIC_100_{name}.csv', HEADER, cells)
    write_csv(folder / 'EPIC_100_test_timestamps.csv', HEADER[:NUM_UNLABELLED],
              [row.cells()[:NUM_UNLABELLED] for row in rows['test']])


def write_video_info(root: Path, records: Sequence['EpicRecord']) -> None:
    """Write duration, rate and size of every video.

    Args:
        root (Path): Root of the layout.
        records (Sequence[EpicRecord]): Ego videos.
    """
    write_csv(root / ANNOTATIONS / 'EPIC_100_video_info.csv', ('video_id', 'duration', 'fps', 'resolution'),
              [(record.plan.uid, record.state.duration_sec, record.state.fps, f'{record.size[0]}x{record.size[1]}')
               for record in sorted(records, key=lambda record: record.plan.uid)])


def _row(record: 'EpicRecord', index: int, action: 'FineAction', seed: int) -> EpicRow:
    """One action in the official columns."""
    draw = rng(seed, record.plan.uid, f'epic text:{index}')
    verb_words = VERB_WORDS[action.verb]
    verb = str(draw.choice(verb_words.words[1:])) if draw.random() < SYNONYM else verb_words.words[0]
    nouns = action.nouns[:1 + (draw.random() < SECOND_NOUN)]
    words = [str(draw.choice(OBJECTS[name].words)) for name in nouns]
    spoken = max(0.0, action.start_sec - draw.uniform(0, .6))
    start, stop = _timestamp(action.start_sec, 2), _timestamp(action.end_sec, 2)
    return EpicRow(
        f'{record.plan.uid}_{index}', participant(record.plan), record.plan.uid, _timestamp(spoken, 3), start, stop,
        frame_number(start), frame_number(stop), f'{verb} {f" {verb_words.preposition} ".join(words)}',
        verb_form(verb), VERB_IDS[action.verb], noun_form(words[0]), NOUN_IDS[nouns[0]],
        tuple(noun_form(word) for word in words), tuple(NOUN_IDS[name] for name in nouns))


def _timestamp(seconds: float, digits: int) -> str:
    """``HH:MM:SS`` with a fraction, cut off and not rounded, so that no time lies behind the end of the video."""
    units = 10 ** digits
    whole, fraction = divmod(math.floor(seconds * units + 1e-6), units)
    return f'{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{fraction:0{digits}d}'
