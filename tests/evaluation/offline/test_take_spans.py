"""Takes are found in JSON text of any shape, and read where they stand."""

import json
from pathlib import Path

import pytest

from egoexo.errors import PredictionError
from egoexo.evaluation.offline import take_spans
from egoexo.evaluation.offline.take_spans import Span, find_spans, read_span

CONTENT = {
    'version': 'a "quoted" {brace} \\', 'info': {'takes': {'no': {}}},
    'ego-exo': {'challenge': [1, {'x': {}}], 'results': {
        'take "1"': {'masks': {'a}{': {'counts': 'q\\\\{"'}}, 'n': [1, 2.5, None]}, 'täke 2': {}, '3': {'masks': {}},
        'list': [{'a': {'results': {}}}, {}], 'list 2': [[{'x': {}}]]}},
    'exo-ego': {'results': {'take "1"': {'a': 1}}, 'more': {'results': {'z': {}}}},
    'results': {'y': {}},
}
PARENTS = ('ego-exo/results', 'exo-ego/results')


def spans(path: Path, text: str, parents: tuple[str, ...] = PARENTS) -> list[Span]:
    path.write_text(text, encoding='utf-8')
    return [*find_spans(path, parents, PredictionError, 'results')]


@pytest.mark.parametrize('options', [{}, {'indent': 2}, {'separators': (',', ':')}, {'ensure_ascii': False}])
def test_takes_are_found(tmp_path: Path, options: dict) -> None:
    found = spans(tmp_path / 'a.json', json.dumps(CONTENT, **options))
    assert [(span.parent, span.take_uid) for span in found] == [
        ('ego-exo/results', 'take "1"'), ('ego-exo/results', 'täke 2'), ('ego-exo/results', '3'),
        ('exo-ego/results', 'take "1"')]
    for span in found:
        setting, key = span.parent.split('/')
        assert read_span(span, PredictionError) == CONTENT[setting][key][span.take_uid]


def test_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / 'a.json').write_text(json.dumps(CONTENT), encoding='utf-8-sig')
    assert len([*find_spans(tmp_path / 'a.json', PARENTS, PredictionError, 'results')]) == 4


def test_one_parent(tmp_path: Path) -> None:
    assert [span.take_uid for span in spans(tmp_path / 'a.json', json.dumps(CONTENT), ('results',))] == ['y']
    assert spans(tmp_path / 'a.json', json.dumps(CONTENT), ('absent',)) == []


@pytest.mark.parametrize(('text', 'message'), [
    ('', 'found an empty file'),
    ('{"ego-exo": {"results": {"a": {"masks": {}', 'found 4 objects that do not close'),
    ('{"ego-exo": {}}}', 'closing brackets without opening ones'),
    ('{"a": "b', 'found 1 objects that do not close'),
    ('{} "b', 'found a text that does not close'),
    ('{"ego-exo": {"results": {"a": {}, "a": {}}}}', "the take 'a' twice"),
    ('{"ego-exo": {"results": {"a": {"b": {}}, "a": {"b": {}}}}}', "the take 'a' twice"),
    ('{{}}', None), ('{{"a": {}}}', 'an object without a key'), ('{"a":' * 1200, 'objects nested 1,001 deep'),
    ('{"\\x": {"a": {}}}', 'an object without a key'),
])
def test_refusals(tmp_path: Path, text: str, message: str | None) -> None:
    if message is None:
        assert spans(tmp_path / 'a.json', text) == []
        return
    with pytest.raises(PredictionError, match=message) as caught:
        spans(tmp_path / 'a.json', text)
    assert str(caught.value).startswith(str(tmp_path / 'a.json'))


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(PredictionError, match='expected results, found nothing: it does not exist'):
        next(find_spans(tmp_path / 'absent.json', PARENTS, PredictionError, 'results'))


@pytest.mark.parametrize(('value', 'message'), [
    ('{"a": }', 'expected valid JSON, found Expecting value'), ('{"a": 1, "a": 2}', "holds the key 'a' twice"),
    ('{"b": ' + '[' * 5000 + '}', 'nested a thousand deep'), ('{"a": "\udcff"}', "codec can't decode"),
])
def test_bad_takes(tmp_path: Path, value: str, message: str) -> None:
    (tmp_path / 'a.json').write_text(f'{{"results": {{"t": {value}}}}}', encoding='utf-8', errors='surrogateescape')
    span, = find_spans(tmp_path / 'a.json', ('results',), PredictionError, 'results')
    with pytest.raises(PredictionError, match=message) as caught:
        read_span(span, PredictionError)
    assert str(caught.value).startswith(f'{tmp_path / "a.json"} results take t: ')


def test_not_a_number_is_left_to_the_caller(tmp_path: Path) -> None:
    span, = spans(tmp_path / 'a.json', '{"results": {"t": {"a": NaN}}}', ('results',))
    assert str(read_span(span, PredictionError)) == "{'a': nan}"


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    span, = spans(tmp_path / 'a.json', '{"results": {"t": {"a": 1}}}', ('results',))
    monkeypatch.setattr(take_spans, 'MAX_TAKE_BYTES', 4)
    with pytest.raises(PredictionError, match='a take of at most 4 bytes, found 8 bytes'):
        read_span(span, PredictionError)
    monkeypatch.setattr(take_spans, 'MAX_FILE_BYTES', 4)
    with pytest.raises(PredictionError, match='of at most 4 bytes, found 28 bytes'):
        spans(tmp_path / 'a.json', '{"results": {"t": {"a": 1}}}', ('results',))


def test_file_that_goes_away(tmp_path: Path) -> None:
    span, = spans(tmp_path / 'a.json', '{"results": {"t": {}}}', ('results',))
    span.path.unlink()
    with pytest.raises(PredictionError, match='a file that cannot be read'):
        read_span(span, PredictionError)
