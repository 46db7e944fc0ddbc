"""Large JSON files, one member at a time."""

import json

import pytest

from egoexo.errors import AnnotationError, PredictionError
from egoexo.formats import json_stream
from egoexo.formats.json_stream import JsonStream, parse_member


@pytest.fixture
def made(tmp_path):
    def make(content):
        (tmp_path / 'a.json').write_bytes(content.encode() if isinstance(content, str) else content)
        return JsonStream(tmp_path / 'a.json', AnnotationError, 'a table')
    return make


def flat(stream):
    with stream:
        found = [(key, json.loads(stream.text())) for key in stream.members()]
        stream.end()
    return found


CONTENT = {'a': 1, 'b "\u20ac\\': [1, {'c': '}"'}], 'd': {}, 'e': -1.5e3, 'f': None, 'g': 'x' * 50, 'h': '\U0001f600'}


@pytest.mark.parametrize('chunk', [1, 2, 3, 7, 2**20])
@pytest.mark.parametrize('indent', [None, 2])
@pytest.mark.parametrize('ascii_only', [True, False])
def test_equals_the_parser_whatever_the_size_of_a_read(made, monkeypatch, chunk, indent, ascii_only):
    monkeypatch.setattr(json_stream, '_CHUNK', chunk)
    text = json.dumps(CONTENT, indent=indent, ensure_ascii=ascii_only)
    assert flat(made(text)) == list(CONTENT.items())
    assert flat(made('\ufeff' + text + '\n \n')) == list(CONTENT.items())
    assert flat(made(b'{}')) == []


def test_nested_objects_and_lists(made, monkeypatch):
    monkeypatch.setattr(json_stream, '_CHUNK', 4)
    with made('{"takes": {"u": {"x": [1, 2]}, "v": 3}, "rows": [[1], 22, "]"], "none": []}') as stream:
        found = []
        for key in stream.members():
            if key == 'takes':
                found += [(uid, stream.text()) for uid in stream.members()]
            else:
                found += list(stream.elements())
        stream.end()
    assert found == [('u', '{"x": [1, 2]}'), ('v', '3'), '[1]', '22', '"]"']


def test_what_was_read_is_dropped(made, monkeypatch):
    monkeypatch.setattr(json_stream, '_CHUNK', 1000)
    with made(json.dumps({str(key): 'x' * 500 for key in range(1000)})) as stream:
        for _ in stream.members():
            stream.text()
            assert len(stream._buffer) < 4000


@pytest.mark.parametrize(('text', 'message'), [
    ('', r'a\.json: expected a table in JSON, an object, found the end of the file. It may be truncated'),
    ('[1]', r"an object, found '\['"), ('{"a": 1', 'a comma or the end of the object, found the end of the file'),
    ('{"a" 1}', "a colon, found '1'"), ('{"a": 1 "b": 2}', "a comma or the end of the object, found '\"'"),
    ('{"a": 1, "a": 2}', "each key once, found 'a'"), ('{1: 2}', 'a key, found 1'), ('{"a": 1,}', 'valid JSON, found'),
    ('{"a": [1, 2}', "valid JSON, found Expecting ',' delimiter"), ('{"a": "x}', 'Unterminated string'),
    ('{"a": tru', 'Expecting value'), ('{"a": 1} {}', r"the end of the file, found '\{'"),
    ('{"a": ' + '[' * 10**5 + ']' * 10**5 + '}', 'nested a thousand deep'),
    ('{"a": ' + '9' * 10_000 + '}', 'valid JSON, found Exceeds the limit'),
    (b'{"a": "\xff"}', 'text in UTF-8, found byte 0xff'), (b'{"a": "\xe2\x82', 'text in UTF-8, found byte 0xe2'),
])
def test_refuses(made, text, message):
    with pytest.raises(AnnotationError, match=message):
        flat(made(text))


def test_refuses_another_kind(made):
    with made('{"a": 1}') as stream, pytest.raises(AnnotationError, match="a list, found '{'"):
        list(stream.elements())
    with made('[1 2]') as stream, pytest.raises(AnnotationError, match="a comma or the end of the list, found '2'"):
        list(stream.elements())


def test_members_are_bounded(made, tmp_path, monkeypatch):
    monkeypatch.setattr(json_stream, '_CHUNK', 100)
    (tmp_path / 'b.json').write_text(json.dumps({'a': 'x' * 5000}))
    with JsonStream(tmp_path / 'b.json', PredictionError, 'results', max_member_chars=1000) as stream, \
            pytest.raises(PredictionError, match='members of at most 1,000 characters, found a longer one'):
        for _ in stream.members():
            stream.text()


def test_refuses_what_is_no_file(tmp_path):
    with pytest.raises(AnnotationError, match='expected a table, found a folder'):
        JsonStream(tmp_path, AnnotationError, 'a table')


def test_an_early_mistake_is_seen_before_the_file_is_read(made, monkeypatch):
    monkeypatch.setattr(json_stream, '_CHUNK', 100)
    stream = made('{"a": {"b" 1, "c": [' + '1, ' * 10**5)
    with pytest.raises(AnnotationError, match="Expecting ':' delimiter"):
        flat(stream)
    assert len(stream._buffer) == 100


def test_parse_member_is_strict():
    assert parse_member('{"a": [1.5, null]}', AnnotationError, 'take u') == {'a': [1.5, None]}
    twice = "take u: expected valid JSON, found an object holds the key 'a' twice. Correct it"
    for text, message in (('{"a": 1, "a": 2}', twice),
                          ('[NaN]', 'the number NaN'), ('[1e999]', 'the number 1e999, which is too large'),
                          ('[', 'Expecting value'), ('[' * 10**5, 'a thousand deep')):
        with pytest.raises(AnnotationError, match=message):
            parse_member(text, AnnotationError, 'take u')
