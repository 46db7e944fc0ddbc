"""Large JSON files, written piece by piece."""

import io
import json

import pytest

from egoexo.formats.json_writer import write_members


def test_members():
    stream = io.StringIO()
    content = {'a "': [1, None], '\u20ac': {'b': 1.5}}
    assert write_members(stream, iter(content.items())) == 2
    assert stream.getvalue() == json.dumps(content)
    stream = io.StringIO()
    assert write_members(stream, iter(())) == 0
    assert stream.getvalue() == '{}'
    with pytest.raises(ValueError, match='not JSON compliant'):
        write_members(io.StringIO(), iter([('a', float('nan'))]))
