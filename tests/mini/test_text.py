import re

import pytest

from egoexo.mini.state import FineAction
from egoexo.mini.text import ADJECTIVES, Narration, coarse_text, ingredient_adjective, instruct, narrate
from egoexo.mini.vocabulary import OBJECTS, TEMPLATES, VERBS

ACTIONS = sorted({(a.verb, a.nouns, a.station, a.tool) for template in TEMPLATES.values() for a in template}, key=str)


def _action(verb, nouns, station, tool):
    hand = 'both' if VERBS[verb].two_handed else 'right'
    return FineAction(verb, nouns, station, tool, 1.0, 2.0, 0.5, 0, hand)


def _narrate(action, index, noise=0.0, seed=0, task='task1'):
    return narrate(action, seed=seed, uid='video', index=index, task=task, noise=noise)


@pytest.mark.parametrize('parts', ACTIONS, ids=lambda parts: f'{parts[0]}-{"-".join(parts[1])}')
def test_each_action_has_many_paraphrases(parts):
    action = _action(*parts)
    texts = [_narrate(action, index) for index in range(60)]
    assert len({text.no_hand for text in texts}) >= 4
    for text in texts:
        assert text.kind == 'plain'
        for name in action.nouns:
            assert any(word in text.no_hand for word in OBJECTS[name].words)


@pytest.mark.parametrize('parts', ACTIONS[::7], ids=lambda parts: f'{parts[0]}-{"-".join(parts[1])}')
def test_rewrites_differ_in_the_hand_only(parts):
    action = _action(*parts)
    for index in range(30):
        text = _narrate(action, index)
        assert not re.search(r'\bhands?\b', text.no_hand)
        assert re.match(r"(The right hand|The person's right hand|Both hands) ", text.hand)
        assert ('Both' in text.hand) == (action.hand == 'both')
        without = re.sub(r' (with|using) (the right hand|both hands)\.$', '.', text.en)
        assert without == text.no_hand
        # The hand rewrite ends with the same words, from the object on.
        objects = text.no_hand[text.no_hand.index(' the '):]
        assert text.hand.endswith(objects)


@pytest.mark.parametrize(('subject', 'pattern'), [
    ('A person', r'A person \w+s\b'), ('C', r'C \w+s\b'), ('Both hands', r'Both hands (wash|rinse)\b')])
def test_verb_agrees_with_its_subject(subject, pattern):
    action = _action('wash', ('tomato', 'water'), 'sink', 'tomato')
    texts = [text for index in range(60) for text in (_narrate(action, index).no_hand, _narrate(action, index).hand)]
    texts = [text for text in texts if text.startswith(f'{subject} ')]
    assert texts
    assert all(re.match(pattern, text) for text in texts)


@pytest.mark.parametrize(('verb', 'nouns', 'base'), [
    ('press', ('dough',), {'Press', 'Flatten', 'Compress'}), ('mix', ('pan', 'shovel'), {'Mix', 'Stir', 'Blend'}),
    ('pour', ('oil', 'pan'), {'Pour', 'Drain', 'Empty'}), ('move', ('plate',), {'Move', 'Carry', 'Transfer'})])
def test_imperative_uses_the_base_form(verb, nouns, base):
    action = _action(verb, nouns, 'stove', None)
    first = {_narrate(action, index).no_hand.split(' ')[0] for index in range(80)}
    assert first - {'A', 'C'} == base


@pytest.mark.parametrize('noise', [0.0, 0.15, 0.6])
def test_noise_is_two_thirds_generic_one_third_wrong(noise):
    action = _action('cut', ('tomato', 'knife'), 'board', 'knife')
    kinds = [_narrate(action, index, noise).kind for index in range(1500)]
    assert kinds.count('generic') / 1500 == pytest.approx(noise * 2 / 3, abs=0.03)
    assert kinds.count('wrong_noun') / 1500 == pytest.approx(noise / 3, abs=0.03)


def test_noise_changes_only_the_noisy_texts():
    action = _action('cut', ('tomato', 'knife'), 'board', 'knife')
    for index in range(200):
        clean, noisy = _narrate(action, index), _narrate(action, index, 0.3)
        assert noisy.zh == clean.zh == '用右手切番茄（刀）'
        if noisy.kind == 'plain':
            assert noisy == clean
        elif noisy.kind == 'generic':
            assert re.search('(?i)does something with|do something with|handles?', noisy.en)
        else:
            assert 'tomato' not in noisy.en
            assert any(OBJECTS[name].words[0] in noisy.en for name in ADJECTIVES if name != 'tomato')


def test_text_depends_on_its_arguments_alone():
    action = _action('take', ('egg',), 'table', None)
    assert _narrate(action, 3) == _narrate(action, 3)
    assert len({_narrate(action, 3, seed=seed).en for seed in range(20)}) > 5


def test_adjective_is_shared_by_a_task_and_differs_between_tasks():
    adjectives = {(task, name): ingredient_adjective(0, task, name) for task in ('task1', 'task2', 'task3', 'task4')
                  for name in ADJECTIVES}
    assert all(adjective in ADJECTIVES[name] for (_, name), adjective in adjectives.items())
    assert all(len({adjectives[task, name] for task in ('task1', 'task2', 'task3', 'task4')}) > 1
               for name in ('tomato', 'garlic'))
    assert ingredient_adjective(0, 'task1', 'knife') == ''
    texts = [_narrate(_action('take', ('tomato',), 'shelf', None), index).no_hand for index in range(40)]
    assert all(f'the {adjectives["task1", "tomato"]} ' in text for text in texts)


def test_coarse_text_numbers_its_sentences():
    narrations = [Narration('a', 'b', text, '', 'plain') for text in ('Take it.', 'Cut it.')]
    assert coarse_text(narrations) == '1. Take it.\n2. Cut it.'
    assert coarse_text([]) == ''


@pytest.mark.parametrize(('verb', 'nouns', 'plain', 'full'), [
    ('cut', ('tomato', 'knife'), 'Cut tomato with knife', 'Cut the tomato with the knife'),
    ('put', ('green_vegetable',), 'Put down green vegetable', 'Put down the green vegetable'),
    ('press', ('egg', 'bowl'), 'Press egg against bowl', 'Press the egg against the bowl')])
def test_instruct_names_a_kind_of_action(verb, nouns, plain, full):
    assert instruct(verb, nouns) == plain
    assert instruct(verb, nouns, 'the ') == full


def test_a_given_subject_changes_nothing_but_the_subject():
    action = _action('cut', ('tomato', 'knife'), 'board', 'knife')
    for index in range(20):
        arguments = dict(seed=0, uid='u', index=index, task='task1', noise=0.5)
        drawn, given = narrate(action, **arguments), narrate(action, **arguments, subject='C')
        assert given.en.startswith('C ') and given.no_hand.startswith('C ')
        assert (given.hand, given.zh, given.kind) == (drawn.hand, drawn.zh, drawn.kind)
        if drawn.en.startswith('A person '):
            assert given.en == drawn.en.replace('A person ', 'C ', 1)
