from collections import Counter

import pytest

from egoexo.errors import ConfigError
from egoexo.mini.presets import PRESETS, get_preset, plan_epic_videos, plan_takes, plan_videos


@pytest.mark.parametrize(('name', 'sizes'), [('tiny', (2, 2, 2)), ('default', (24, 6, 6)), ('large', (100, 25, 25))])
def test_split_sizes(name, sizes):
    counts = Counter((plan.view, plan.split) for plan in plan_videos(PRESETS[name], 0))
    assert [counts[view, split] for view in ('ego', 'exo') for split in ('train', 'val', 'test')] == [*sizes, *sizes]


@pytest.mark.parametrize('name', ['tiny', 'default', 'large'])
def test_ego_training_never_shows_task2(name):
    tasks = {split: [plan.task for plan in plan_videos(PRESETS[name], 0) if (plan.view, plan.split) == ('ego', split)]
             for split in ('train', 'val', 'test')}
    assert 'task2' not in tasks['train']
    assert 'task2' in tasks['val']
    assert 'task2' in tasks['test']


def test_default_has_two_unseen_videos_per_ego_test_split_and_one_without_gaze():
    plans = plan_videos(PRESETS['default'], 0)
    assert Counter(plan.split for plan in plans if (plan.view, plan.task) == ('ego', 'task2')) == {'val': 2, 'test': 2}
    assert [plan.split for plan in plans if plan.view == 'ego' and not plan.has_gaze] == ['train']
    assert Counter(plan.task for plan in plans if (plan.view, plan.split) == ('exo', 'train'))['task2'] == 5


def test_tiny_keeps_one_whole_procedure_per_split_and_view():
    plans = plan_videos(PRESETS['tiny'], 0)
    assert Counter((plan.view, plan.split) for plan in plans if plan.uncut) == dict.fromkeys(
        [(view, split) for view in ('ego', 'exo') for split in ('train', 'val', 'test')], 1)


def test_levels_and_tasks_of_takes_are_crossed():
    plans = plan_takes(PRESETS['default'], 0)
    cells = Counter((plan.level, plan.task) for plan in plans)
    assert len(cells) == 4 * 5 and set(cells.values()) == {2, 3}
    assert set(Counter((plan.level, plan.task) for plan in plans[:40]).values()) == {2}
    assert Counter(plan.split for plan in plans) == {'train': 38, 'test': 18}
    assert set(Counter(plan.level for plan in plans if plan.split == 'test').values()) == {4, 5}


def test_epic_videos_film_the_same_actors_again():
    plans = plan_epic_videos(PRESETS['default'], 0)
    egos = [plan for plan in plan_videos(PRESETS['default'], 0) if plan.view == 'ego']
    assert [plan.world_uid for plan in plans] == [plan.uid for plan in egos]
    assert plans[0].uid == 'P01_101'
    assert len({plan.uid for plan in plans}) == len(plans)


@pytest.mark.parametrize(('name', 'unseen'), [('tiny', 1), ('default', 3), ('large', 13)])
def test_a_participant_of_epic_videos_occurs_in_test_alone(name, unseen):
    plans = plan_epic_videos(PRESETS[name], 0)
    people = {split: [plan.uid[:3] for plan in plans if plan.split == split] for split in ('train', 'val', 'test')}
    assert 'P04' not in people['train'] + people['val']
    assert people['test'].count('P04') == unseen
    assert set(people['val'] + people['test']) - {'P04'} <= set(people['train'])


def test_plans_change_with_the_seed_only_in_identity():
    first, second = plan_videos(PRESETS['tiny'], 0), plan_videos(PRESETS['tiny'], 1)
    assert [plan.task for plan in first] == [plan.task for plan in second]
    assert not {plan.uid for plan in first} & {plan.uid for plan in second}


def test_unknown_preset_is_named():
    with pytest.raises(ConfigError, match=r"unknown preset 'huge'.*tiny, default, large"):
        get_preset('huge')
    assert get_preset('tiny') is PRESETS['tiny']


def test_tiny_takes_show_every_recipe_and_level_in_few_seconds():
    plans = plan_takes(PRESETS['tiny'], 0)
    assert Counter(plan.split for plan in plans) == {'train': 7, 'test': 5}
    assert {plan.level for plan in plans} == {0, 1, 2, 3}
    assert len({plan.task for plan in plans}) == 5
    assert PRESETS['tiny'].take_steps == (2, 2)
