"""Small EPIC-Kitchens folders whose frames show their number, and what goes through pipelines of clips."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from egoexo.datasets import RecognitionDataset
from tests.datasets.conftest import number_shown, picture

HEAD = ('narration_id', 'participant_id', 'video_id', 'start_timestamp', 'stop_timestamp', 'start_frame', 'stop_frame',
        'narration', 'verb', 'verb_class', 'noun', 'noun_class')
CLASSES = dict(verb=4, noun=5)


def write_frames(folder: Path, numbers: Iterable[int], name: str = 'frame_{frame:010d}.jpg') -> Path:
    """Frame n shows n; blue first in the file system's eyes, as OpenCV writes."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        assert cv2.imwrite(str(folder / name.format(frame=number)), picture(number))
    return folder


def write_list(path: Path, rows: Sequence[Mapping[str, object]], labelled: bool = True) -> Path:
    """A CSV list; what a row does not say is segment 1 to 20 of P01_101, verb 1 and noun 2."""
    head = HEAD if labelled else HEAD[:7]
    lines = [','.join(head)]
    for number, row in enumerate(rows):
        video = row.get('video_id', 'P01_101')
        known = dict(narration_id=f'{video}_{number}', participant_id=video[:3], video_id=video,
                     start_timestamp='00:00:00.10', stop_timestamp='00:00:00.50', start_frame=1, stop_frame=20,
                     narration='take it', verb='take', verb_class=1, noun='it', noun_class=2) | dict(row)
        lines.append(','.join(str(known[name]) for name in head))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('\n'.join(lines) + '\n')
    return path


def make_dataset(root: Path, **options: object) -> RecognitionDataset:
    """The list ``val.csv`` over frames in ``frames``."""
    known = dict(ann_file='val.csv', data_root=str(root), data_prefix=dict(frames='frames'), num_classes=CLASSES)
    return RecognitionDataset(**known | options)


def numbers_shown(frames: np.ndarray) -> list[int]:
    """Numbers in some frames, which may be in any order of channels."""
    return [number_shown(frame) for frame in frames]
