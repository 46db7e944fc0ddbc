"""Large JSON files, written piece by piece."""

import io
import json
import os

import pytest

from egoexo.formats.json_writer import open_whole, write_members


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / 'sub' / 'a.json'
    with open_whole(path) as stream:
        stream.write('h\u00e9\r\n')
        assert not path.exists()
    assert path.read_bytes() == b'h\xc3\xa9\r\n'
    assert os.listdir(path.parent) == ['a.json']


def test_the_old_content_stays_when_writing_fails(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text('old')
    with pytest.raises(RuntimeError, match='stop'), open_whole(path) as stream:
        stream.write('half')
        raise RuntimeError('stop')
    assert path.read_text() == 'old'
    assert os.listdir(tmp_path) == ['a.json']


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
