"""Small annotations of EPIC-Kitchens-100 with predictions, for the tests of scores of the benchmark `recognition`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

__all__ = ['NUM_NOUNS', 'NUM_VERBS', 'epic_ids', 'make_scores', 'write_epic_annotations', 'write_epic_table']

NUM_VERBS, NUM_NOUNS = 7, 9
_HEAD = ('narration_id', 'participant_id', 'video_id', 'narration_timestamp', 'start_timestamp', 'stop_timestamp',
         'start_frame', 'stop_frame')
_LABELS = ('narration', 'verb', 'verb_class', 'noun', 'noun_class', 'all_nouns', 'all_noun_classes')


def _rows(num: int) -> list[dict[str, object]]:
    """Three participants with two videos each; every class occurs."""
    rows = []
    for index in range(num):
        person, verb, noun = f'P{index % 3 + 1:02d}', index % NUM_VERBS, index * 4 % NUM_NOUNS
        video = f'{person}_{101 + index % 2}'
        rows.append(dict(
            narration_id=f'{video}_{index}', participant_id=person, video_id=video, narration_timestamp='00:00:01.000',
            start_timestamp='00:00:01.00', stop_timestamp='00:00:03.00', start_frame=50, stop_frame=150,
            narration=f'verb{verb} noun{noun}', verb=f'verb{verb}', verb_class=verb, noun=f'noun{noun}',
            noun_class=noun, all_nouns=f"['noun{noun}']", all_noun_classes=f'[{noun}]'))
    return rows


def epic_ids(num: int = 30) -> tuple[list[str], np.ndarray]:
    """Narration ids, and true verb and noun classes (num, 2)."""
    rows = _rows(num)
    return [row['narration_id'] for row in rows], np.array([[row['verb_class'], row['noun_class']] for row in rows])


def write_epic_table(path: Path, num: int = 30, labels: bool = True) -> Path:
    """Write the table of a list; without labels as that of the test list."""
    columns = _HEAD + _LABELS * labels
    lines = [','.join(str(row[name]) for name in columns) for row in _rows(num)]
    path.write_text('\n'.join([','.join(columns), *lines]) + '\n')
    return path


def write_epic_annotations(folder: Path, num: int = 30) -> Path:
    """Write the validation table and what it is scored by; returns the table."""
    folder.mkdir(parents=True, exist_ok=True)
    for task, count in (('verb', NUM_VERBS), ('noun', NUM_NOUNS)):
        names = [f'{index},{task}{index},"[\'{task}{index}\']",category' for index in range(count)]
        (folder / f'EPIC_100_{task}_classes.csv').write_text('\n'.join(['id,key,instances,category', *names]) + '\n')
        (folder / f'EPIC_100_tail_{task}s.csv').write_text(f'{task}\n1\n3\n')
    (folder / 'EPIC_100_unseen_participant_ids_validation.csv').write_text('participant_id\nP02\n')
    (folder / 'EPIC_100_unseen_participant_ids_test.csv').write_text('participant_id\nP33\n')
    return write_epic_table(folder / 'EPIC_100_validation.csv', num)


def make_scores(ids: Sequence[str], labels: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of verbs and nouns, float32, of which some are right."""
    rng = np.random.default_rng(seed)
    found = []
    for column, count in enumerate((NUM_VERBS, NUM_NOUNS)):
        scores = rng.random((len(ids), count))
        scores[np.arange(len(ids)), labels[:, column]] += rng.random(len(ids)) < 0.5
        found.append((scores / scores.sum(axis=1, keepdims=True)).astype(np.float32))
    return found[0], found[1]
