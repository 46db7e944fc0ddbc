from dataclasses import dataclass

import pytest
import torch

from egoexo.checkpoints.official_state import (
    LayoutRules,
    bare_state,
    check_shapes,
    count_indices,
    name_officially,
    order_officially,
    shapes_of,
)
from egoexo.errors import CheckpointError


def test_bare_state():
    assert bare_state({'module.a': 1, 'module.b.module.c': 2}) == {'a': 1, 'b.module.c': 2}
    with pytest.raises(CheckpointError, match=r'expected keys of one form, found .* module\.\. Remove one'):
        bare_state({'a': 1, 'module.a': 2})


def test_shapes_of():
    assert shapes_of({'a': torch.zeros(2, 3), 'b': torch.tensor(0)}) == {'a': (2, 3), 'b': ()}
    for state, found in (({'epoch': 3}, 'epoch'), ({}, 'an empty one')):
        with pytest.raises(CheckpointError, match=f'expected a state dict of tensors only, found {found}'):
            shapes_of(state)


def test_count_indices():
    keys = dict.fromkeys(['layers.0.weight', 'layers.11.weight', 'head.weight'])
    assert count_indices(keys, r'layers\.(\d)\.') == 1
    assert count_indices(keys, r'stages\.(\d+)') == 0
    assert count_indices(keys, r'layers\.(\d+)') == 3, 'never more than there are keys'


def test_check_shapes():
    expected = {'a': (2,), 'b': (3,), 'c': (1,)}
    check_shapes(dict(expected), expected, 'a model')
    with pytest.raises(CheckpointError) as error:
        check_shapes({'a': (2,), 'b': (4,), 'd': (1,)}, expected, 'a model')
    assert str(error.value).splitlines() == [
        'state dict: expected the tensors of a model, found differences:', '  missing (1): c', '  unexpected (1): d',
        '  wrong shape (1): b (4,) instead of (3,)',
        'Run tools/convert_checkpoint.py --inspect FILE to see what the file holds.']
    with pytest.raises(CheckpointError, match=r'missing \(25\): .* and 5 more'):
        check_shapes({}, {str(number): () for number in range(25)}, 'a model')


@dataclass(frozen=True)
class Layout:
    width: int


RULES = LayoutRules(
    guess=lambda shapes: Layout(shapes.get('b', (0,))[0]),
    check=lambda shapes, layout: check_shapes(shapes, {'b': (layout.width,), 'a': ()}, f'width {layout.width}'),
    shapes=lambda layout: {'b': (layout.width,), 'a': ()})


def test_state_in_the_official_order():
    state = {'a': torch.tensor(1.0), 'b': torch.zeros(3)}
    ordered = order_officially(state, RULES)
    assert list(ordered) == ['b', 'a']
    assert ordered['b'] is state['b']
    with pytest.raises(CheckpointError, match=r'width 4, found differences:\n  wrong shape \(1\): b \(3,\) instead'):
        order_officially(state, RULES, {'width': 4})


def test_a_key_without_an_official_name_is_unexpected():
    named = name_officially({'module.head.a': torch.tensor(1.0), 'module.b': torch.zeros(3)}, {'head.a': 'a'}.get)
    assert list(named) == ['a', 'b (no name of ours)']
    with pytest.raises(CheckpointError, match=r'missing \(1\): b\n  unexpected \(1\): b \(no name of ours\)'):
        order_officially(named, RULES)
