import pytest

from egoexo.mini.annotate import Clip, Step, Tables
from egoexo.mini.questions import association_questions, num_options, video_questions


def _clip(view, verb, nouns, number, subset='val', tool=None):
    return Clip(f'{view}{number}', f'{view}-v', view, 'task1', subset, float(number), number + 0.5, 0, 1, verb, nouns,
                tool, 0.5, 0, None)


def _tables(ego, exo):
    clips = [_clip('ego', *action, i) for i, action in enumerate(ego)]
    clips += [_clip('exo', *action, i) for i, action in enumerate(exo)]
    return Tables(0, (), tuple(clips), {})


ACTIONS = [(verb, (noun,)) for verb in ('take', 'put', 'cut', 'wash', 'turn')
           for noun in ('tomato', 'egg', 'meat', 'potato', 'garlic')]


def test_options_are_limited_by_the_smaller_view():
    assert num_options(_tables(ACTIONS, ACTIONS[:6]), 'val') == 6
    assert num_options(_tables(ACTIONS, ACTIONS), 'val') == 20
    assert num_options(_tables(ACTIONS, []), 'val') == 0


def test_half_of_the_options_are_hard():
    """Of 24 other actions 8 share verb or noun, so all of them are among the 19 wrong options."""
    questions = association_questions(_tables(ACTIONS, ACTIONS), 'val')
    assert len(questions) == 50
    for question in questions:
        wrong = [clip for i, clip in enumerate(question.choices) if i != question.answer]
        shared = [clip for clip in wrong if clip.verb == question.query.verb or clip.nouns == question.query.nouns]
        assert (len(wrong), len(shared)) == (19, 8)
        assert question.choices[question.answer].key == question.query.key
        assert {clip.view for clip in question.choices} == {{'ego': 'exo', 'exo': 'ego'}[question.query.view]}
        assert question.type_id == (1 if question.query.view == 'ego' else 2)


def test_query_without_counterpart_is_not_asked():
    questions = association_questions(_tables(ACTIONS[:4], ACTIONS[2:6]), 'val')
    assert {question.query.key for question in questions} == {(verb, *nouns) for verb, nouns in ACTIONS[2:4]}


def test_other_subsets_are_left_out():
    assert association_questions(_tables(ACTIONS, ACTIONS), 'test') == []


def _ask(clips=(), classes=()):
    steps = [Step(str(i), class_id, i, i + 1, '') for i, class_id in enumerate(classes)]
    return video_questions('v', steps, clips, 0)


def test_cut_question_has_one_cut_ingredient():
    (question,) = _ask([_clip('ego', 'cut', ('tomato', 'knife'), 0), _clip('ego', 'cut', ('meat', 'knife'), 1)])
    assert question.question == 'Which ingredient is cut in the video?'
    assert len(set(question.options)) == 4
    assert set(question.options) & {'tomato', 'meat'} == {question.options[question.answer]}


def test_order_question_asks_about_a_step_that_happens_once():
    (question,) = _ask(classes=(24, 25, 24, 26, 24))
    before = question.question.split('"')[1]
    assert before in ('Add sauce', 'Clean utensil/hand')
    assert question.options[question.answer] == 'Stir-frying'
    assert before not in question.options


@pytest.mark.parametrize('tools', [('spoon', 'chopstick'), ('spoon', None), (None,), ('pan',)])
def test_tool_question_needs_one_tool(tools):
    assert _ask([_clip('ego', 'turn', ('pan',), i, tool=tool) for i, tool in enumerate(tools)]) == []


def test_tool_question_names_the_tool():
    (question,) = _ask([_clip('ego', 'turn', ('pan', 'spoon'), i, tool='spoon') for i in range(2)])
    assert question.question == 'Which object is held in the hand to turn the pan?'
    assert question.options[question.answer] == 'spoon'


def test_nothing_to_ask():
    assert _ask(classes=(24, 24)) == []
