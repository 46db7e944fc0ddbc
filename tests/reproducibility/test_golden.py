"""Training gives the stored digits; a difference is explained."""

import copy

import pytest
from reproducibility import golden


@pytest.fixture(scope='module')
def found() -> dict[str, dict]:
    return golden.run_curves()


@pytest.fixture
def record() -> dict:
    return copy.deepcopy(golden.read('ego'))


@pytest.mark.slow
@pytest.mark.parametrize('name', golden.NAMES)
def test_every_digit_is_the_stored_one(name: str, found: dict[str, dict]) -> None:
    expected = golden.read(name)
    if reason := golden.foreign(expected, found[name]):
        pytest.skip(reason)
    if difference := golden.explain(name, expected, found[name]):
        pytest.fail(difference, pytrace=False)


@pytest.mark.slow
@pytest.mark.parametrize('name', golden.NAMES)
def test_first_losses_are_near_on_any_version_and_processor(name: str, found: dict[str, dict]) -> None:
    assert golden.distance(golden.read(name), found[name], steps=20) < 1e-3


def test_the_stored_curves_are_those_of_trainings() -> None:
    for name, steps in (('ego', 100), ('egoexo_iterations', 30)):
        losses = [float.fromhex(step['loss']) for step in golden.read(name)['steps']]
        assert len(losses) == steps
        assert losses[-1] < 0.8 * losses[0]


def test_a_moved_digit_is_shown_with_its_step(record: dict) -> None:
    moved = copy.deepcopy(record)
    moved['steps'][6]['loss_ce'] = (float.fromhex(record['steps'][6]['loss_ce']) * (1 + 2**-23)).hex()
    moved['steps'][9]['lr'] = '0x0p+0'
    text = golden.explain('ego', record, moved)
    assert 'the training moved, first at step 7 of 100:\n  loss_ce: expected ' in text
    assert record['steps'][6]['loss_ce'] in text and moved['steps'][6]['loss_ce'] in text and 'lr' not in text
    assert 'python tests/reproducibility/golden.py --write` and give the reason in the commit message' in text
    assert golden.explain('ego', record, record) == ''


@pytest.mark.parametrize(('key', 'value', 'expected'), [
    ('inputs', '0', 'the inputs moved, not the training'),
    ('initial_weights', '0', 'the weights before the first step moved'),
    ('steps', [], 'steps moved: 100 steps expected, 0 found'),
    ('final_weights', '0', 'final weights moved: equal losses'),
    ('scores', {}, 'scores moved: equal weights, so the evaluation: ego_val/Acc expected '),
])
def test_what_moved_is_named(record: dict, key: str, value: object, expected: str) -> None:
    assert expected in golden.explain('ego', record, record | {key: value})


def test_other_versions_and_processors_are_told_apart(record: dict) -> None:
    other = record | dict(versions=record['versions'] | dict(torch='2.99.0'))
    assert golden.foreign(record, other).endswith(f'this is torch 2.99.0 instead of {record["versions"]["torch"]}')
    assert 'torch rounds differently on this processor' in golden.foreign(record, record | dict(arithmetic='0'))
    assert golden.foreign(record, record) == ''
