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


def test_explain_says_where_expected_found_and_what_to_do() -> None:
    text = errors.explain('a.txt line 3', 'an id from 0 to 27', repr('28'), 'Correct the line.')
    assert text == "a.txt line 3: expected an id from 0 to 27, found '28'. Correct the line."


def test_explain_makes_foreign_text_safe_to_print() -> None:
    text = errors.explain('a', 'b', 'clear\x1b[2J\u202e\ud800\nnext ' + 'x' * 5000, 'Correct it.')
    assert 'found clear\\x1b[2J\\u202e\\ud800\nnext xxx' in text
    assert 'characters ...] xxx' in text
    assert len(text) < 700
    text.encode('utf-8')
