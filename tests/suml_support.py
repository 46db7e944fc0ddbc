"""A world of a few pictures for SUM-L: a list of EPIC-Kitchens, clips of LEMMA, pairs and embeddings."""

import json
import pickle
from pathlib import Path

import cv2
import numpy as np

from egoexo.formats.text_embeddings import write_text_embeddings

ACTS = ['cut', 'null', 'open', 'put']
OBJS = ['board', 'cup', 'fridge', 'ghost', 'knife']
HOIS = ['null$', 'cut${s0}@cup:{s1}@knife', 'open${s0}@fridge', 'put${s0}@cup|knife:{m1}@board']
#: Verbs of the list: 0 take, 1 put, 2 open, 3 cut; nouns: 0 knife, 1 cup, 2 fridge, 3 board.
LABEL_MAP = dict(verbs=[3, -1, 2, 1], nouns=[3, 1, 2, -1, 0])
#: Video -> runs of (frames, actions, interactions).
CUT, OPEN, PUT, NULL = ([[0, [[1], [4]]]], [1]), ([[2, [[2]]]], [2]), ([[3, [[1, 4], [0]]]], [3]), ([], [0])
VIDEOS = {'k1|P1': [(10, *CUT), (6, *NULL), (8, *OPEN)], 'k2|P1': [(9, *PUT), (7, *CUT)], 'k3|P1': [(5, *CUT)]}
#: narration_id, video, first and last frame, narration, verb, noun. The last two have no clip with verb and noun.
ROWS = [('P01_101_0', 'P01_101', 1, 12, 'open fridge', 2, 2), ('P01_101_1', 'P01_101', 5, 20, 'cut cup', 3, 1),
        ('P01_101_2', 'P01_101', 3, 30, 'cut fridge', 3, 2), ('P02_101_0', 'P02_101', 2, 9, 'take cup', 0, 1),
        ('P02_101_1', 'P02_101', 1, 10, 'take pan', 0, 4)]


def frames():
    """Rows of ``rec_tpv_frames.p``."""
    rows = []
    for name, runs in VIDEOS.items():
        count = 0
        for length, actions, hois in runs:
            for _ in range(length):
                rows.append((name, count, 'P1', [], [f'{name[:2]}/img_{count:05d}.jpg'], [0.0, 1.0, 2.0, 3.0], actions,
                             [[0]], hois))
                count += 1
    return rows


def segments():
    """Rows of ``rec_fpv_segments_indices.p``."""
    rows = []
    for name, runs in VIDEOS.items():
        start = 0
        for length, *_ in runs:
            rows.append((name, start, length))
            start += length
    return rows


def write_lemma(root: Path, pictures: bool = True) -> Path:
    """Annotations and pictures; ``k3`` is in no split."""
    for folder in ('metadata', 'full', 'splits'):
        (root / folder).mkdir(parents=True)
    for name, content in (('acts', ACTS), ('objs', OBJS), ('hois', HOIS)):
        (root / 'metadata' / f'all_{name}.json').write_text(json.dumps(content))
    (root / 'full' / 'rec_tpv_frames.p').write_bytes(pickle.dumps(frames(), 3))
    (root / 'full' / 'rec_fpv_segments_indices.p').write_bytes(pickle.dumps(segments(), 3))
    (root / 'splits' / '1tpv_train.json').write_text(json.dumps(['k1', 'k2']))
    (root / 'to_epic.json').write_text(json.dumps(LABEL_MAP))
    for row in frames() if pictures else ():
        _picture(root / row[4][0], int(row[0][1]), row[1])
    return root


def write_epic(root: Path, pictures: bool = True) -> Path:
    """``train.csv`` and frames."""
    head = ('narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,'
            'stop_frame,narration,verb,verb_class,noun,noun_class,all_nouns,all_noun_classes')
    lines = [f'{name},{video[:3]},{video},00:00:01.000,00:00:00.00,00:00:01.00,{first},{last},{text},x,{verb},y,{noun},'
             f'"[\'y\']",[{noun}]' for name, video, first, last, text, verb, noun in ROWS]
    root.mkdir(parents=True, exist_ok=True)
    (root / 'train.csv').write_text('\n'.join([head, *lines]) + '\n')
    for video, last in (('P01_101', 30), ('P02_101', 10)) if pictures else ():
        for number in range(1, last + 1):
            _picture(root / 'frames' / video / f'frame_{number:010d}.jpg', 100, number)
    return root


def write_world(root: Path) -> Path:
    """Everything, with the pair file of the miner and random embeddings."""
    from tools.data.pair_semantics import pair_semantics
    write_lemma(root / 'lemma')
    write_epic(root)
    pair_semantics(root / 'train.csv', root / 'lemma', root / 'pairs.json', root / 'lemma' / 'to_epic.json')
    write_texts(root / 'texts.npz')
    return root


def write_texts(path: Path, without: str = '') -> None:
    """Embeddings of all narrations but one."""
    texts = [*(row[4] for row in ROWS), 'cut cup with knife', 'open fridge', 'put cup and knife to the board']
    texts = [text for text in dict.fromkeys(texts) if text != without]
    write_text_embeddings(path, texts, np.random.default_rng(0).standard_normal((len(texts), 6)))


def _picture(path: Path, *values: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.zeros((16, 20, 3), dtype=np.uint8)
    picture[..., :len(values)] = [value % 256 for value in values]
    cv2.imwrite(str(path), picture)


__all__ = ['ACTS', 'HOIS', 'LABEL_MAP', 'OBJS', 'ROWS', 'VIDEOS', 'frames', 'segments', 'write_epic', 'write_lemma',
           'write_texts', 'write_world']
