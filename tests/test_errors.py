import inspect

import pytest

from egoexo import errors

FAMILY = [cls for name, cls in inspect.getmembers(errors, inspect.isclass)]


@pytest.mark.parametrize('cls', FAMILY, ids=lambda cls: cls.__name__)
def test_message_is_printed_as_written(cls: type[Exception]) -> None:
    message = "expected 'a',\n  found 'b'"
    assert str(cls(message)) == message
    assert issubclass(cls, errors.EgoExoError)
    # MMEngine re-raises with type(error)(text): one text must be enough.
    assert str(type(cls('x'))('y')) == 'y'
