import numpy as np
import pytest

from egoexo.mini.kitchen import WORK_PLACES, lay_out
from egoexo.mini.presets import PRESETS, plan_videos
from egoexo.mini.procedure import PlannedStep
from egoexo.mini.schedule import make_schedule
from egoexo.mini.script import write_script
from egoexo.mini.vocabulary import RECIPES

PRESET = PRESETS['default']


def _replay(*class_ids, task='task1', split=0):
    """Script of some steps; the first ``split`` of them are history."""
    kitchen = lay_out(RECIPES[task], PRESET, np.random.default_rng(0))
    planned = [PlannedStep(class_id, index, True) for index, class_id in enumerate(class_ids)]
    schedule = make_schedule(planned, plan_videos(PRESET, 0)[0], PRESET, 0.9, np.random.default_rng(0))
    history = tuple(move for move in schedule.moves if move.action.step_index < split)
    moves = schedule.moves[len(history):]
    return kitchen, moves, write_script(kitchen, history, moves)


def _last(script, kitchen, name, before=np.inf):
    index = kitchen.names.index(name)
    return [event for event in script.events if event.index == index and event.time_sec <= before][-1]


def test_take_holds_at_45_percent_and_put_releases_at_60():
    kitchen, moves, script = _replay(1)
    tomato = kitchen.names.index('tomato')
    events = [event for event in script.events if event.index == tomato]
    take, put = moves[0].action, moves[2].action
    assert events[0].time_sec == pytest.approx(take.start_sec + .45 * (take.end_sec - take.start_sec))
    assert events[-1].time_sec == pytest.approx(put.start_sec + .60 * (put.end_sec - put.start_sec))
    assert [event.holder for event in events] == [2, 0]
    board = WORK_PLACES['chopping_board']
    assert np.hypot(*(events[-1].place[:2] - board)) < 0.3


def test_cutting_makes_pieces_half_way_and_the_knife_goes_home():
    kitchen, moves, script = _replay(1, 12)
    cut = next(move.action for move in moves if move.template.verb == 'cut')
    tomato = kitchen.names.index('tomato')
    first = next(event for event in script.events if event.index == tomato and event.is_cut)
    assert first.time_sec == pytest.approx((cut.start_sec + cut.end_sec) / 2)
    knife = _last(script, kitchen, 'knife')
    assert knife.holder == 0
    np.testing.assert_allclose(knife.place, kitchen.home[kitchen.names.index('knife')])


def test_cut_food_is_in_the_pan_when_cooking_begins():
    kitchen, moves, script = _replay(1, 12, 24)
    begin = next(move.begin_sec for move in moves if move.class_id == 24)
    event = _last(script, kitchen, 'tomato')
    assert event.time_sec == begin
    assert np.hypot(*(event.place[:2] - WORK_PLACES['pan'])) < 0.1


def test_whole_food_stays_out_of_the_pan():
    kitchen, _, script = _replay(1, 24)
    assert np.hypot(*(_last(script, kitchen, 'tomato').place[:2] - WORK_PLACES['pan'])) > 0.2


@pytest.mark.parametrize(('class_id', 'name', 'container', 'task'), [
    (22, 'green_vegetable', 'pot', 'task5'), (11, 'egg', 'bowl', 'task1'), (19, 'lid', 'pot', 'task2')])
def test_where_things_end(class_id, name, container, task):
    kitchen, _, script = _replay(class_id, 1 if task == 'task1' else 2, task=task)
    step_end = [event for event in script.events if event.index == kitchen.names.index(name)]
    ends = [event.place[:2] for event in step_end if event.holder == 0]
    assert min(np.hypot(*(place - WORK_PLACES[container])) for place in ends) < 0.1


def test_at_most_one_object_is_held_and_none_at_the_end():
    kitchen, _, script = _replay(1, 12, 11, 7, 18, 23, 24, 25, 26, 19, 27, task='task1')
    held = set()
    for event in script.events:
        held = held | {event.index} if event.holder else held - {event.index}
        assert len(held) <= 1, [kitchen.names[index] for index in held]
    assert not held


def test_history_sets_the_state_before_the_first_frame():
    kitchen, _, script = _replay(1, 12, 26, split=2)
    assert _last(script, kitchen, 'tomato').is_cut
    assert {event.time_sec for event in script.events if event.index == kitchen.names.index('tomato')} == {-1.0}


def test_one_target_per_move_at_the_right_place():
    _, moves, script = _replay(26, 24)
    assert len(script.targets) == len(moves)
    np.testing.assert_allclose(script.targets[0].look[:2], WORK_PLACES['basin'])
    np.testing.assert_allclose(script.targets[-1].look[:2], WORK_PLACES['pan'])
