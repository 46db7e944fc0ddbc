"""Third-person clips in the layout of LEMMA: exo videos of population A with actions per frame and segments.

Classes have LEMMA's kind of names, in another order than in the tables of EPIC-Kitchens; as there, some have no
counterpart.
"""

import pickle
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from egoexo.mini.layouts.epic_classes import NOUN_IDS, VERB_IDS
from egoexo.mini.layouts.epic_names import LEMMA, TPV_FRAME, tpv_name
from egoexo.mini.layouts.files import write_bytes, write_json
from egoexo.mini.presets import SPLITS, TASKS
from egoexo.mini.vocabulary import OBJECTS, TEMPLATES, VERBS

if TYPE_CHECKING:
    from egoexo.mini.epic_record import EpicRecord

__all__ = ['ACTS', 'HOIS', 'NO_ACTION', 'OBJS', 'hoi_text', 'segments_of', 'to_epic', 'write_lemma']

NO_ACTION = 'null$'
PERSON = 'P1'
PICKLE_PROTOCOL = 4
# Where these clips use another word than the mini kitchen.
_ACT_NAMES = {'adjust': 'tidy', 'mix': 'blend', 'operate': 'switch', 'remove': 'skin', 'take': 'get', 'wash': 'clean'}
_OBJ_NAMES = {'chopping_board': 'cutting-board', 'garlic': 'onion', 'green_vegetable': 'leek', 'pan': 'frying-pan',
              'plate': 'dish', 'pepper': 'bell-pepper', 'shovel': 'spatula', 'water': 'pitcher'}
# Chosen so that every kind of pair is the best one of some ego segments, and a few segments have none.
_WITHOUT_COUNTERPART = ('skin', 'tidy', 'onion', 'pitcher')
# The second object of these verbs is a place, otherwise it is a tool.
_PLACE_VERBS = ('pour', 'press', 'shake', 'throw')
_ACT_OF = {name: _ACT_NAMES.get(name, name) for name in VERBS}
_OBJ_OF = {name: _OBJ_NAMES.get(name, name) for name in OBJECTS}
ACTS, OBJS = sorted(_ACT_OF.values()), sorted(_OBJ_OF.values())


def hoi_text(verb: str, nouns: Sequence[str]) -> str:
    """Human-object interaction as a template with named places.

    Args:
        verb (str): Verb of the mini kitchen.
        nouns (Sequence[str]): One or two of its objects.

    Returns:
        str: E.g. ``'cut${s0}@tomato:{s1}@knife'``.
    """
    text = f'{_ACT_OF[verb]}${{s0}}@{_OBJ_OF[nouns[0]]}'
    if len(nouns) > 1:
        text += f':{{{"m1" if verb in _PLACE_VERBS else "s1"}}}@{_OBJ_OF[nouns[1]]}'
    return text


HOIS = [NO_ACTION, *sorted({hoi_text(action.verb, action.nouns) for steps in TEMPLATES.values() for action in steps})]


def to_epic() -> dict[str, list[int]]:
    """Classes of these clips as classes of the ego tables.

    Returns:
        dict[str, list[int]]: ``'verbs'`` and ``'nouns'``: EPIC class of each class here, -1 without counterpart.
    """
    acts = {other: VERB_IDS[name] for name, other in _ACT_OF.items()}
    objs = {other: NOUN_IDS[name] for name, other in _OBJ_OF.items()}
    missing = dict.fromkeys(_WITHOUT_COUNTERPART, -1)
    return {'verbs': [missing.get(name, acts[name]) for name in ACTS],
            'nouns': [missing.get(name, objs[name]) for name in OBJS]}


def segments_of(record: 'EpicRecord') -> list[tuple[str, int, int]]:
    """Runs of frames with one annotation.

    Args:
        record (EpicRecord): Exo video.

    Returns:
        list[tuple[str, int, int]]: Video, first frame, number of frames; frames without an action form runs too.
    """
    segments, start = [], 0
    for _, run in groupby(record.state.action_labels().tolist()):
        length = len(list(run))
        segments.append((tpv_name(record.plan), start, length))
        start += length
    return segments


def write_lemma(root: Path, records: Sequence['EpicRecord']) -> dict[str, object]:
    """Write everything but the frames.

    Both lists of frames hold the same entries, because the official code looks up segments of first-person videos in
    the list of third-person frames.

    Args:
        root (Path): Root of the EPIC layout.
        records (Sequence[EpicRecord]): Exo videos of population A.

    Returns:
        dict[str, object]: Facts for ``mini.json``.
    """
    folder = root / LEMMA
    for name, content in (('acts', ACTS), ('objs', OBJS), ('tasks', list(TASKS)), ('hois', HOIS)):
        write_json(folder / 'metadata' / f'all_{name}.json', content)
    write_json(folder / 'to_epic.json', to_epic())
    for split in SPLITS:
        write_json(folder / 'splits' / f'1tpv_{split}.json',
                   [tpv_name(record.plan) for record in records if record.plan.split == split])
    segments = [segment for record in records for segment in segments_of(record)]
    frames = pickle.dumps([frame for record in records for frame in _frames(record)], protocol=PICKLE_PROTOCOL)
    write_bytes(folder / 'full' / 'rec_tpv_frames.p', frames)
    write_bytes(folder / 'full' / 'rec_fpv_frames.p', frames)
    write_bytes(folder / 'full' / 'rec_fpv_segments_indices.p', pickle.dumps(segments, protocol=PICKLE_PROTOCOL))
    return {'acts': ACTS, 'objs': OBJS, 'hois': len(HOIS), 'segments': len(segments)}


def _frames(record: 'EpicRecord') -> list[tuple]:
    """One entry per frame: video, frame, person, flow, picture, box, actions, tasks, interactions."""
    name, task, actions = tpv_name(record.plan), [TASKS.index(record.plan.task)], record.state.actions
    acts = [[[ACTS.index(_ACT_OF[action.verb]), [[OBJS.index(_OBJ_OF[noun])] for noun in action.nouns]]]
            for action in actions]
    hois = [[HOIS.index(hoi_text(action.verb, action.nouns))] for action in actions]
    return [(name, index, PERSON, [], [f'frames/{name}/{TPV_FRAME.format(index)}'], box,
             acts[label] if label >= 0 else [], task, hois[label] if label >= 0 else [0])
            for index, (label, box) in enumerate(zip(record.state.action_labels().tolist(),
                                                     record.body_boxes.tolist(), strict=True))]
