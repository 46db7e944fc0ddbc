import numpy as np
import pytest

from egoexo.mini.kitchen import COUNTER_TOP, lay_out
from egoexo.mini.presets import PRESETS
from egoexo.mini.vocabulary import INGREDIENTS, OBJECTS, RECIPES, STATIONS, TEMPLATES

PRESET = PRESETS['default']


@pytest.mark.parametrize('task', RECIPES)
def test_only_the_ingredients_of_the_recipe_and_two_more(task):
    kitchen = lay_out(RECIPES[task], PRESET, np.random.default_rng(0))
    needed = {noun for node in RECIPES[task] for action in TEMPLATES[node.class_id] for noun in action.nouns}
    present = set(kitchen.names)
    assert needed <= present
    assert len((present & set(INGREDIENTS)) - needed) == 2
    assert present >= set(OBJECTS) - set(INGREDIENTS)


def test_objects_stand_on_the_counter_near_their_station():
    for seed in range(20):
        kitchen = lay_out(RECIPES['task2'], PRESET, np.random.default_rng(seed))
        bottom = kitchen.home[:, 2] - kitchen.half_size[:, 2]
        assert set(np.round(bottom - COUNTER_TOP, 9)) <= {0.0, 0.02}
        assert (np.abs(kitchen.home[:, 0]) < 1.4).all()
        assert ((kitchen.home[:, 1] > .30) & (kitchen.home[:, 1] < 1.10)).all()
        away = [abs(place[0] - STATIONS[OBJECTS[name].station])
                for name, place in zip(kitchen.names, kitchen.home, strict=True)]
        assert max(away) < 0.45


def test_ingredients_are_enlarged_and_boxes_counted():
    kitchen = lay_out(RECIPES['task1'], PRESET, np.random.default_rng(1))
    tomato = kitchen.names.index('tomato')
    np.testing.assert_allclose(kitchen.half_size[tomato], 1.45 * 0.042)
    np.testing.assert_allclose(kitchen.half_size[kitchen.names.index('pan')], (.14, .14, .025))
    counts = {len(lay_out(RECIPES['task1'], PRESET, np.random.default_rng(seed)).distractor_position)
              for seed in range(60)}
    assert counts == {3, 4, 5, 6, 7, 8}
