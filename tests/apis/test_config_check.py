import functools

import pytest
from torch.optim import AdamW

from egoexo.apis.config_check import accepted_arguments
from egoexo.engine.hooks import SafeCheckpointHook


class Parent:
    def __init__(self, first, second=2):
        pass


class Passes(Parent):
    def __init__(self, third, **kwargs):
        super().__init__(**kwargs)


class TakesOne(Parent):
    def __init__(self, third, **kwargs):
        kwargs.pop('fourth', None)
        super().__init__(**kwargs)


class Elsewhere(Parent):
    def __init__(self, third, **options):
        super().__init__(1)
        self.part = Passes(third, **options)


class Plain:
    pass


def function(one, *, two=2):
    return one, two


@pytest.mark.parametrize(('target', 'names', 'closed'), [
    (Parent, {'first', 'second'}, True), (Passes, {'first', 'second', 'third'}, True),
    (TakesOne, {'third'}, False), (Elsewhere, {'third'}, False), (Plain, set(), True),
    (function, {'one', 'two'}, True), (functools.partial(function, two=3), {'one', 'two'}, True),
    (lambda **anything: anything, set(), False)])
def test_accepted_arguments(target, names, closed):
    assert accepted_arguments(target) == (names, closed)


def test_real_classes():
    names, closed = accepted_arguments(AdamW)
    assert closed and {'params', 'lr', 'weight_decay'} <= names
    # MMEngine's hook hands its **kwargs to torch.save.
    names, closed = accepted_arguments(SafeCheckpointHook)
    assert not closed and {'interval', 'save_best', 'max_keep_ckpts'} <= names
