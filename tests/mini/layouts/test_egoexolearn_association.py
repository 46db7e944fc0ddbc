"""Association questions and video questions against the states they were read off."""

import csv
import json
import re
from collections import Counter

import pytest

FOLDER = 'association_benchmark/annotations'


def _action(world, clip):
    """Verb and nouns of the action that starts where a clip of the file starts."""
    record = world.record(clip['video_uid'])
    actions = [a for a in record.state.actions if round(a.start_sec, 1) == clip['start_sec']]
    assert len(actions) == 1
    return record.plan.view, (actions[0].verb, *actions[0].nouns)


def _subsets(world):
    path = world.root / 'annotations/fine_annotation_trainvaltest_en.csv'
    with open(path, encoding='utf-8', newline='') as file:
        return {(row['video_uid'], float(row['start_sec'])): row['subset'] for row in csv.DictReader(file)}


@pytest.mark.parametrize('subset', ['val', 'test'])
def test_exactly_one_of_twenty_options_shows_the_action(world, subset):
    questions = json.loads((world.root / FOLDER / f'association_{subset}_hard.json').read_text(encoding='utf-8'))
    assert list(questions) == [str(i) for i in range(len(questions))]
    assert len(questions) == world.facts['association'][f'{subset}_questions'] >= 200
    subsets = _subsets(world)
    for question in questions.values():
        assert list(question) == ['query', 'choices', 'answer', 'types']
        assert list(question['choices']) == [str(i) for i in range(20)]
        view, action = _action(world, question['query'])
        options = [_action(world, clip) for clip in question['choices'].values()]
        assert [i for i, option in enumerate(options) if option[1] == action] == [question['answer']]
        assert len({option[1] for option in options}) == 20
        assert {option[0] for option in options} == {'exo' if view == 'ego' else 'ego'}
        assert question['types'] == (1 if view == 'ego' else 2)
        clips = [question['query'], *question['choices'].values()]
        assert {subsets[clip['video_uid'], clip['start_sec']] for clip in clips} == {subset}


def test_hard_options_share_verb_or_noun(world):
    questions = json.loads((world.root / FOLDER / 'association_test_hard.json').read_text(encoding='utf-8'))
    shared = []
    for question in questions.values():
        _, action = _action(world, question['query'])
        options = [_action(world, clip)[1] for clip in question['choices'].values()]
        shared.append(sum(option[0] == action[0] or option[1] == action[1] for option in options) - 1)
    # Up to ten of nineteen; fewer where the query's verb and noun are rare.
    assert max(shared) == 10
    assert sum(shared) / len(shared) >= 3


def test_answers_and_directions_are_balanced(world):
    questions = json.loads((world.root / FOLDER / 'association_test_hard.json').read_text(encoding='utf-8'))
    answers = Counter(question['answer'] for question in questions.values())
    types = Counter(question['types'] for question in questions.values())
    assert len(answers) == 20
    assert max(answers.values()) <= 0.1 * len(questions)
    assert min(types.values()) >= 0.4 * len(questions)


@pytest.mark.parametrize('view', ['ego', 'exo'])
def test_training_table_holds_the_training_segments_of_its_view(world, view):
    with open(world.root / FOLDER / f'{view}_train.csv', encoding='utf-8', newline='') as file:
        rows = list(csv.DictReader(file))
    subsets = _subsets(world)
    expected = sorted(key for key, subset in subsets.items()
                      if subset == 'train' and world.record(key[0]).plan.view == view)
    assert sorted((row['video_uid'], float(row['start_sec'])) for row in rows) == expected
    assert all(row[name] for row in rows for name in row)
    assert len({row['narration_en'] for row in rows}) >= 0.6 * len(rows)


def test_video_questions_have_one_true_option(world):
    path = world.root / 'Video_QA/vid_vqa_video_tag_egoexolearn_video_mcq.jsonl'
    entries = [json.loads(line) for line in path.read_text(encoding='utf-8').splitlines()]
    assert len(entries) == world.facts['video_questions'] >= 200
    seen = Counter()
    for entry in entries:
        uid, _ = entry['id'].split('_')
        human, reply = (turn['value'] for turn in entry['conversations'])
        lines = human.split('\n')
        options = dict(re.fullmatch(r'\(([A-D])\) (.+)', line).groups() for line in lines[2:6])
        assert (lines[0], list(options), entry['image']) == ('<video>', list('ABCD'), {'video': f'{uid}.mp4'})
        assert len(set(options.values())) == 4
        state = world.record(uid).state
        if lines[1].startswith('Which ingredient'):
            seen['cut'] += 1
            cut = {action.nouns[0].replace('_', ' ') for action in state.actions if action.verb == 'cut'}
            assert [letter for letter, text in options.items() if text in cut] == [reply]
        elif 'right after' in lines[1]:
            seen['order'] += 1
            names = world_class_names(world)
            labels = [names[step.class_id] for step in state.steps]
            before = re.search('"(.+)"', lines[1])[1]
            assert options[reply] == labels[labels.index(before) + 1]
            assert labels.count(before) == 1
        else:
            seen['tool'] += 1
            verb, noun = re.search(r'hand to (\w+) the (.+)\?', lines[1]).groups()
            tools = {a.tool for a in state.actions if (a.verb, a.nouns[0].replace('_', ' ')) == (verb, noun)}
            assert tools == {options[reply]}
    assert min(seen[kind] for kind in ('cut', 'order', 'tool')) >= 60


def world_class_names(world):
    path = world.root / 'temporal_action_segmentation_benchmark/tas_annotation/semantic_en.json'
    text = path.read_text().replace('greed', 'green').replace('sause', 'sauce')
    return {int(entry['value']): entry['key'] for entry in json.loads(text)}


def test_small_world_asks_with_fewer_options(tiny):
    questions = json.loads((tiny.root / FOLDER / 'association_val_hard.json').read_text(encoding='utf-8'))
    size = tiny.facts['association']['val_options']
    assert 2 <= size <= 20
    assert {len(question['choices']) for question in questions.values()} == {size}
