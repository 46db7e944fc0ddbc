import pytest

from egoexo.checkpoints.families import FAMILIES


@pytest.mark.parametrize('name', FAMILIES)
def test_default_layout_round_trips_through_the_names(name):
    family = FAMILIES[name]
    assert family.name == name
    shapes = family.shapes(family.layout())
    assert all(family.official_key(family.our_key(key)) == key for key in shapes)
    assert family.guess(shapes) == family.layout()
    family.check(shapes, family.layout())
