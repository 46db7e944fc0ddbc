"""Association tables and question files, and the multiple-choice video questions of EgoExoLearn."""

import json
from pathlib import Path

from egoexo.mini.annotate import Clip, Tables
from egoexo.mini.layouts.egoexolearn_paths import ASSOCIATION, VIDEO_QA
from egoexo.mini.layouts.files import write_csv, write_json, write_lines
from egoexo.mini.questions import (
    AssociationQuestion,
    VideoQuestion,
    association_questions,
    num_options,
    video_questions,
)
from egoexo.mini.vocabulary import OBJECTS, VERBS

__all__ = ['write_association', 'write_video_questions']

COLUMNS = ('annotation_id', 'start_sec', 'end_sec', 'narration_ch', 'narration_en', 'narration_en_hand_prompt',
           'narration_en_no_hand_prompt', 'verb', 'noun', 'scenario', 'video_uid')
LETTERS = 'ABCDE'
INSTRUCTION = 'Reply with the letter of the right option only.'


def write_association(root: Path, tables: Tables) -> dict[str, object]:
    """Write training tables of both views and the question files of val and test.

    Args:
        root (Path): Root of the layout.
        tables (Tables): Annotations.

    Returns:
        dict[str, object]: Facts: options per question, rows and questions.
    """
    facts: dict[str, object] = {}
    for view in ('ego', 'exo'):
        clips = tables.select_clips(view, 'train')
        write_csv(root / ASSOCIATION / f'{view}_train.csv', COLUMNS, map(_train_row, clips))
        facts[f'{view}_train_rows'] = len(clips)
    for subset in ('val', 'test'):
        questions = association_questions(tables, subset)
        write_json(root / ASSOCIATION / f'association_{subset}_hard.json',
                   {str(number): _question(question) for number, question in enumerate(questions)})
        facts[f'{subset}_questions'] = len(questions)
        facts[f'{subset}_options'] = num_options(tables, subset)
    return facts


def write_video_questions(root: Path, tables: Tables) -> int:
    """Write the multiple-choice questions about whole videos, one JSON object a line.

    Args:
        root (Path): Root of the layout.
        tables (Tables): Annotations.

    Returns:
        int: Number of questions.
    """
    lines = []
    for record in tables.records:
        uid = record.plan.uid
        clips = [clip for clip in tables.clips if clip.uid == uid]
        asked = video_questions(uid, tables.steps[uid], clips, tables.seed)
        lines += [_conversation(question, number) for number, question in enumerate(asked)]
    write_lines(root / VIDEO_QA / 'vid_vqa_video_tag_egoexolearn_video_mcq.jsonl', lines, final=True)
    return len(lines)


def _train_row(clip: Clip) -> tuple:
    """Row of a training table; all taxonomy rows are kept, also those without an anticipation class."""
    text = clip.narration
    return (clip.annotation_id, clip.start_sec, clip.end_sec, text.zh, text.en, text.hand, text.no_hand,
            [VERBS[clip.verb].verb_id], [OBJECTS[noun].noun_id for noun in clip.nouns], 'kitchen', clip.uid)


def _clip(clip: Clip) -> dict[str, object]:
    return {'video_uid': clip.uid, 'start_sec': clip.start_sec, 'end_sec': clip.end_sec,
            'narration_en': clip.narration.en}


def _question(question: AssociationQuestion) -> dict[str, object]:
    return {'query': _clip(question.query),
            'choices': {str(index): _clip(clip) for index, clip in enumerate(question.choices)},
            'answer': question.answer, 'types': question.type_id}


def _conversation(question: VideoQuestion, number: int) -> str:
    """One line of the question file."""
    options = [f'({letter}) {text}' for letter, text in zip(LETTERS, question.options, strict=False)]
    human = '\n'.join(['<video>', question.question, *options, INSTRUCTION])
    return json.dumps({'id': f'{question.uid}_{number}',
                       'conversations': [{'from': 'human', 'value': human},
                                         {'from': 'gpt', 'value': LETTERS[question.answer]}],
                       'image': {'video': f'{question.uid}.mp4'}}, ensure_ascii=False)
